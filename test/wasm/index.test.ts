import { afterEach, describe, expect, it } from 'vitest';
import type { WasmBuffer } from '../../src/wasm/device/buffer.ts';
import { BUFFER_USAGE, GPUValidationError, MAP_MODE, requestWasmAdapter } from '../../src/wasm/index.ts';

let device: GPUDevice;
afterEach(() => device?.destroy());

async function open(threads?: number): Promise<void> {
  device = await (await requestWasmAdapter({ threads })).requestDevice();
}

interface Submitted {
  /** The buffer that the shader works on. */
  readonly x: GPUBuffer;
  /** The content of x after the dispatch. */
  readonly content: Promise<Float32Array>;
}

/** Submits a dispatch of `main` on a buffer x, and maps a copy of x. */
async function submit(code: string, values: Float32Array, workgroups: number, constants = {}): Promise<Submitted> {
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = BUFFER_USAGE;
  const x = device.createBuffer({ label: 'x', size: values.byteLength, usage: STORAGE | COPY_SRC | COPY_DST });
  const result = device.createBuffer({ size: values.byteLength, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(x, 0, values as Float32Array<ArrayBuffer>);
  const module = device.createShaderModule({ label: 'test.wgsl', code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
  const layout = pipeline.getBindGroupLayout(0);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: x } }] }));
  pass.dispatchWorkgroups(workgroups);
  pass.end();
  encoder.copyBufferToBuffer(x, result);
  device.queue.submit([encoder.finish()]);
  const mapped = result.mapAsync(MAP_MODE.READ);
  return { x, content: mapped.then(() => new Float32Array(result.getMappedRange().slice(0))) };
}

/** Resolves once the shader has written to element `index` of x, which shows that it is running. */
async function untilWritten(x: GPUBuffer, index: number): Promise<void> {
  const { context, address } = x as WasmBuffer;
  const word = context.heap.words(address + 4 * index, 1);
  while (Atomics.load(word, 0) === 0) await new Promise(resolve => setImmediate(resolve));
}

/** Each workgroup replaces its 64 elements by their sum, times SCALE. */
const SUM_OF_64 = `
override SCALE: f32 = 1.0;
@group(0) @binding(0) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) id: vec3u) {
  var sum = 0.0;
  for (var i = 0u; i < 64u; i++) {
    sum += x[id.x * 64u + i];
  }
  for (var i = 0u; i < 64u; i++) {
    x[id.x * 64u + i] = SCALE * sum;
  }
}`;

describe('a custom shader', () => {
  it.each([0, 1, 2, 4])('computes the same on %i threads', async threads => {
    await open(threads);
    const values = Float32Array.from({ length: 64 * 300 }, (_, i) => i % 64);
    const { content } = await submit(SUM_OF_64, values, 300, { SCALE: 0.5 });
    expect(new Set(await content)).toEqual(new Set([1008]));
  });

  it('that never ends is stopped by destroy()', async () => {
    await open();
    const forever = `
      @group(0) @binding(0) var<storage, read_write> x: array<atomic<u32>>;
      @compute @workgroup_size(1) fn main() { while (atomicLoad(&x[0]) == 0u) { atomicAdd(&x[1], 1u); } }`;
    const { x, content } = await submit(forever, new Float32Array(4), 1);
    const outcome = content.catch(error => error.name);
    await untilWritten(x, 1);
    device.destroy();
    expect(await outcome).toBe('AbortError');
    expect((await device.lost).reason).toBe('destroyed');
  });

  it('that is not WGSL is reported with line and column', async () => {
    await open(1);
    device.pushErrorScope('validation');
    const module = device.createShaderModule({
      label: 'broken.wgsl',
      code: '@compute @workgroup_size(1)\nfn main( {}',
    });
    expect(await device.popErrorScope()).toBeInstanceOf(GPUValidationError);
    const [message] = (await module.getCompilationInfo()).messages;
    expect(message).toMatchObject({ type: 'error', lineNum: 2, linePos: 10 });
  });

  it('with a type error is refused by the pipeline, and reported with its line', async () => {
    await open(1);
    const code = '@compute @workgroup_size(1)\nfn main() { let x: f32 = 1u; }';
    const module = device.createShaderModule({ label: 'types.wgsl', code });
    const made = device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    await expect(made).rejects.toMatchObject({ name: 'GPUPipelineError', reason: 'validation' });
    const [message] = (await module.getCompilationInfo()).messages;
    expect(message).toMatchObject({ type: 'error', lineNum: 2 });
  });
});
