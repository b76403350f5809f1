// Runs a compute shader without a GPU: y = a * x + y for a million numbers, on all cores.
//
//     npm run build && node examples/wasm_compute.mjs
import { BUFFER_USAGE, MAP_MODE, requestWasmAdapter } from '../dist/wasm.js';

const SHADER = `
override A: f32 = 1.0;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&y)) {
    y[id.x] += A * x[id.x];
  }
}`;

const adapter = await requestWasmAdapter();
const device = await adapter.requestDevice();
device.addEventListener('uncapturederror', ({ error }) => {
  throw error;
});
console.log(adapter.info.description);

const SIZE = 1_000_000;
const upload = (label, values) => {
  const usage = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_SRC;
  const buffer = device.createBuffer({ label, size: values.byteLength, usage, mappedAtCreation: true });
  new Float32Array(buffer.getMappedRange()).set(values);
  buffer.unmap();
  return buffer;
};
const x = upload('x', Float32Array.from({ length: SIZE }, (_, i) => i));
const y = upload('y', new Float32Array(SIZE).fill(1));

const module = device.createShaderModule({ label: 'saxpy', code: SHADER });
const pipeline = await device.createComputePipelineAsync({
  label: 'saxpy',
  layout: 'auto',
  compute: { module, constants: { A: 2 } },
});
const bindGroup = device.createBindGroup({
  layout: pipeline.getBindGroupLayout(0),
  entries: [x, y].map((buffer, binding) => ({ binding, resource: { buffer } })),
});

const result = device.createBuffer({ label: 'result', size: y.size, usage: BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST });
const started = performance.now();
const encoder = device.createCommandEncoder();
const pass = encoder.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, bindGroup);
pass.dispatchWorkgroups(Math.ceil(SIZE / 64));
pass.end();
encoder.copyBufferToBuffer(y, result);
device.queue.submit([encoder.finish()]);
await result.mapAsync(MAP_MODE.READ);
const values = new Float32Array(result.getMappedRange());
console.log(`${SIZE} elements in ${(performance.now() - started).toFixed(1)} ms: y[3] = ${values[3]}, y[${SIZE - 1}] = ${values[SIZE - 1]}`);
device.destroy();
