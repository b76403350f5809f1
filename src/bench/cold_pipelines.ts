import { type WeightSettings, weightOptions } from '../inference/network.ts';
import { ResNet } from '../nn/resnet.ts';
import { pipelineKey } from '../observe/descriptors.ts';
import { nullDevice, type WantedPipeline } from '../observe/null_device.ts';
import { ObservedWebAssembly } from '../observe/observed_webassembly.ts';
import type { Observer } from '../observe/observer.ts';
import { Device, type DeviceOptions } from '../runtime/device.ts';
import { elementCount, type Shape } from '../runtime/shape.ts';
import type { Backbone } from '../weights/backbone.ts';
import type { TensorEntry } from '../weights/tensor_entry.ts';

/** Compile times as the host sees them. */
export interface CompileTimes {
  readonly pipelines: number;
  readonly shaders: number;
  /** From the first call until the last pipeline is ready. All are requested at once, as the engine does. */
  readonly ms: number;
  /** Only on the wasm device: until the last shader is translated from WGSL to WebAssembly, on the calling thread. */
  readonly translateMs?: number;
  /**
   * Only on the wasm device: the JavaScript engine's compilation of the same modules, one after another on one thread.
   */
  readonly engineMs?: number;
  /** Only on the wasm device: the size of all modules. */
  readonly wasmBytes?: number;
}

/** Finds the pipelines that a network compiles by a rehearsal on a device that runs nothing. */
export async function pipelinesOf(
  backbone: Backbone,
  shape: Shape,
  options: DeviceOptions & WeightSettings,
): Promise<readonly WantedPipeline[]> {
  let pipelines: readonly WantedPipeline[] = [];
  const device = await Device.open({
    ...options,
    observe: gpu => {
      const rehearsal = nullDevice(gpu);
      pipelines = rehearsal.pipelines;
      gpu.destroy();
      return rehearsal.gpu;
    },
  });
  const model = await ResNet.load(
    device,
    { ...backbone, stateDict: zeros(backbone) },
    await weightOptions(options, device.adapter),
  );
  model.forward(device.empty(shape));
  await device.submit();
  return pipelines;
}

/** Returns the backbone's tensors as zeros, without reading anything. */
function zeros({ stateDict }: Backbone): Map<string, TensorEntry> {
  return new Map(
    [...stateDict].map(([name, entry]) => [
      name,
      {
        ...entry,
        name,
        shape: entry.shape,
        dtype: entry.dtype,
        read: async () => new Float32Array(elementCount(entry.shape)),
      },
    ]),
  );
}

/** Compiles pipelines, all at once, and gives them to the observer, which serves them when the engine requests them. */
export async function compileAll(observer: Observer, wanted: readonly WantedPipeline[]): Promise<CompileTimes> {
  const { gpu } = observer;
  const engine = new ObservedWebAssembly();
  const startedMs = performance.now();
  const modules = new Map<string, GPUShaderModule>();
  const layouts = new Map<string, GPUBindGroupLayout>();
  try {
    await Promise.all(
      wanted.map(async ({ label, code, entryPoint, constants, layouts: descriptors }) => {
        const module = memo(modules, code, () => gpu.createShaderModule({ label: `${label}.wgsl`, code }));
        const bindGroupLayouts = descriptors.map(descriptor =>
          memo(layouts, JSON.stringify(descriptor), () => gpu.createBindGroupLayout(descriptor)),
        );
        const layout = gpu.createPipelineLayout({ label, bindGroupLayouts });
        const descriptor = { label, layout, compute: { module, entryPoint, constants } };
        const pipeline = await gpu.createComputePipelineAsync(descriptor);
        observer.provide(pipelineKey(code, { entryPoint, constants }), pipeline);
      }),
    );
  } finally {
    engine.stop();
  }
  const ms = performance.now() - startedMs;
  const counts = { pipelines: wanted.length, shaders: modules.size, ms };
  if (engine.lastCallMs === undefined) return counts;
  const translateMs = engine.lastCallMs - startedMs;
  return { ...counts, translateMs, engineMs: engine.recompile(), wasmBytes: engine.bytes };
}

function memo<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}
