import { afterEach, describe, expect, it } from 'vitest';
import { BUFFER_USAGE, GPUValidationError, MAP_MODE, requestWasmAdapter } from '../../src/wasm/index.ts';

let device: GPUDevice;
afterEach(() => device?.destroy());

async function open(threads?: number): Promise<void> {
  device = await (await requestWasmAdapter({ threads })).requestDevice();
}

/** Runs `main` of a shader on one buffer, and gives what the buffer holds afterwards. */
async function run(code: string, values: Float32Array, workgroups: number, constants = {}): Promise<Float32Array> {
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
  await result.mapAsync(MAP_MODE.READ);
  return new Float32Array(result.getMappedRange().slice(0));
}

/** Each invocation adds up 64 numbers beside its own. */
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

describe('a shader of one’s own', () => {
  it.each([0, 1, 2, 4])('computes the same on %i threads', async threads => {
    await open(threads);
    const values = Float32Array.from({ length: 64 * 300 }, (_, i) => i % 64);
    expect(new Set(await run(SUM_OF_64, values, 300, { SCALE: 0.5 }))).toEqual(new Set([1008]));
  });

  it('may not end: destroy() ends it', async () => {
    await open();
    const forever = `
      @group(0) @binding(0) var<storage, read_write> x: array<f32>;
      @compute @workgroup_size(1) fn main() { while (x[0] >= 0.0) { x[1] += 1.0; } }`;
    const running = run(forever, new Float32Array(4), 1).catch(error => error.name);
    setTimeout(() => device.destroy(), 100);
    expect(await running).toBe('AbortError');
    expect((await device.lost).reason).toBe('destroyed');
  });

  it('that is no WGSL is an error with its place', async () => {
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

  it('whose types do not fit is refused by the pipeline, with the place', async () => {
    await open(1);
    const code = '@compute @workgroup_size(1)\nfn main() { let x: f32 = 1u; }';
    const module = device.createShaderModule({ label: 'types.wgsl', code });
    const made = device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    await expect(made).rejects.toMatchObject({ name: 'GPUPipelineError', reason: 'validation' });
    const [message] = (await module.getCompilationInfo()).messages;
    expect(message).toMatchObject({ type: 'error', lineNum: 2 });
  });
});
