import { BenchError } from '../errors/index.ts';
import type { Dispatched, Observer } from '../observe/observer.ts';

/**
 * Dispatches as data: shaders, constants, parameters and sizes, without the values of tensors. Any later version of
 * Raycam can run them again, beside the kernels that replaced them.
 */
export interface Recording {
  readonly shaders: readonly string[];
  readonly buffers: readonly RecordedBuffer[];
  readonly dispatches: readonly RecordedDispatch[];
}

interface RecordedBuffer {
  readonly sizeBytes: number;
  /** The bytes of a uniform buffer, in base64. */
  readonly content?: string;
}

interface RecordedDispatch {
  readonly kernel: string;
  /** Index into `shaders`. */
  readonly shader: number;
  readonly entryPoint?: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
  /** In the order of the bindings of group 0. */
  readonly bindings: readonly RecordedBinding[];
}

interface RecordedBinding {
  readonly type: GPUBufferBindingType;
  /** Index into `buffers`. */
  readonly buffer: number;
  readonly offset: number;
  readonly size: number;
}

const READBACK = 0x01 | 0x08; // GPUBufferUsage MAP_READ | COPY_DST
const STORAGE = 0x80 | 0x08; // GPUBufferUsage STORAGE | COPY_DST
const UNIFORM = 0x40 | 0x08; // GPUBufferUsage UNIFORM | COPY_DST

/** Turns dispatches into data. @throws BenchError  one uses another bind group than group 0 */
export async function record(observer: Observer, dispatched: readonly Dispatched[]): Promise<Recording> {
  const { descriptors, gpu } = observer;
  const shaders: string[] = [];
  const buffers: GPUBuffer[] = [];
  const uniforms = new Set<GPUBuffer>();
  const dispatches = dispatched.map(({ kernel, pipeline, groups, workgroups }): RecordedDispatch => {
    const { code, entryPoint, constants, layouts } = descriptors.wantedOf(pipeline);
    const [group, ...others] = groups;
    if (!group || others.some(other => other))
      throw new BenchError(`bench: ${kernel} uses another bind group than group 0`);
    const types = new Map([...layouts[0]!.entries].map(({ binding, buffer }) => [binding, buffer?.type ?? 'uniform']));
    const bindings = descriptors.entriesOf(group).map(({ binding, resource }): RecordedBinding => {
      const { buffer, offset = 0, size } = resource as GPUBufferBinding;
      const type = types.get(binding)!;
      if (type === 'uniform') uniforms.add(buffer);
      return { type, buffer: placeOf(buffers, buffer), offset, size: size ?? buffer.size - offset };
    });
    return { kernel, shader: placeOf(shaders, code), entryPoint, constants, workgroups, bindings };
  });
  const recorded = await Promise.all(
    buffers.map(async (buffer): Promise<RecordedBuffer> => {
      const sizeBytes = buffer.size;
      return uniforms.has(buffer) ? { sizeBytes, content: await contentOf(gpu, buffer) } : { sizeBytes };
    }),
  );
  return { shaders, buffers: recorded, dispatches };
}

interface Replay {
  readonly dispatched: readonly Dispatched[];
  dispose(): void;
}

/**
 * Makes the dispatches of a recording. A storage buffer is taken from `shared` if one there has its size: two versions
 * of a kernel then work on the same memory, whose address alone can change the time by some percent.
 */
export async function replay(
  gpu: GPUDevice,
  { shaders, buffers, dispatches }: Recording,
  shared: readonly GPUBuffer[] = [],
): Promise<Replay> {
  const free = [...shared];
  const own: GPUBuffer[] = [];
  const bound = buffers.map(buffer => {
    const isStorage = buffer.content === undefined;
    const at = isStorage ? free.findIndex(({ size }) => size === buffer.sizeBytes) : -1;
    if (at >= 0) return free.splice(at, 1)[0]!;
    own.push(createBuffer(gpu, buffer));
    return own.at(-1)!;
  });
  const used = new Set(dispatches.map(({ shader }) => shader));
  const modules = shaders.map((code, i) => (used.has(i) ? gpu.createShaderModule({ code }) : undefined));
  const dispatched = await Promise.all(
    dispatches.map(dispatch => createDispatch(gpu, dispatch, { module: modules[dispatch.shader]!, buffers: bound })),
  );
  return {
    dispatched,
    dispose: () => {
      for (const buffer of own) buffer.destroy();
    },
  };
}

function createBuffer(gpu: GPUDevice, { sizeBytes, content }: RecordedBuffer): GPUBuffer {
  const buffer = gpu.createBuffer({ size: sizeBytes, usage: content === undefined ? STORAGE : UNIFORM });
  gpu.queue.writeBuffer(buffer, 0, content === undefined ? noise(sizeBytes) : fromBase64(content));
  return buffer;
}

async function createDispatch(
  gpu: GPUDevice,
  { kernel, entryPoint, constants, workgroups, bindings }: RecordedDispatch,
  { module, buffers }: { readonly module: GPUShaderModule; readonly buffers: readonly GPUBuffer[] },
): Promise<Dispatched> {
  const layout = gpu.createBindGroupLayout({
    entries: bindings.map(({ type }, binding) => ({ binding, visibility: 4, buffer: { type } })), // GPUShaderStage.COMPUTE
  });
  const pipeline = await gpu.createComputePipelineAsync({
    label: kernel,
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint, constants },
  });
  const entries = bindings.map(({ buffer, offset, size }, binding) => ({
    binding,
    resource: { buffer: buffers[buffer]!, offset, size },
  }));
  return { label: kernel, kernel, pipeline, groups: [gpu.createBindGroup({ layout, entries })], workgroups };
}

function placeOf<Item>(items: Item[], item: Item): number {
  const at = items.indexOf(item);
  return at >= 0 ? at : items.push(item) - 1;
}

async function contentOf(gpu: GPUDevice, buffer: GPUBuffer): Promise<string> {
  const staging = gpu.createBuffer({ size: buffer.size, usage: READBACK });
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  gpu.queue.submit([encoder.finish()]);
  await staging.mapAsync(1); // GPUMapMode.READ
  const bytes = new Uint8Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}

/** Returns numbers from 0.5 to 1.5. Zeros, NaN and tiny numbers can be faster or slower than others. */
function noise(sizeBytes: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return new Float32Array(sizeBytes / 4).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 0.5 + state / 2 ** 32;
  });
}
