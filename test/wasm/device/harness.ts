import { createWasmAdapter } from '../../../src/wasm/device/adapter.ts';
import type { WasmDevice } from '../../../src/wasm/device/device.ts';
import { fakeCheck, fakeCompile, SOURCE } from './fake_compiler.ts';

export const USAGE = {
  MAP_READ: 1,
  MAP_WRITE: 2,
  COPY_SRC: 4,
  COPY_DST: 8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  INDIRECT: 0x100,
  QUERY_RESOLVE: 0x200,
};
export const STORAGE = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;

export interface OpenOptions extends GPUDeviceDescriptor {
  readonly threads?: number;
  readonly capacityBytes?: number;
}

/** Opens a device that uses the fake compiler. */
export async function openFake({ threads = 1, capacityBytes, ...descriptor }: OpenOptions = {}): Promise<WasmDevice> {
  const adapter = createWasmAdapter({ threads, capacityBytes, compile: fakeCompile, check: fakeCheck });
  return (await adapter.requestDevice(descriptor)) as WasmDevice;
}

/** Returns the error that `work` reports to the scopes, as `class: first line`; undefined if there is none. */
export async function errorOf(device: WasmDevice, work: () => unknown): Promise<string | undefined> {
  const kinds = ['validation', 'out-of-memory', 'internal'] as const;
  for (const kind of kinds) device.pushErrorScope(kind);
  await work();
  const errors = await Promise.all(kinds.map(() => device.popErrorScope()));
  const error = errors.find(found => found !== null);
  return error ? `${error.constructor.name}: ${error.message.split('\n')[0]}` : undefined;
}

export function bufferOf(
  device: GPUDevice,
  values: readonly number[] | Float32Array,
  label = 'x',
  usage = STORAGE,
): GPUBuffer {
  const buffer = device.createBuffer({ label, size: values.length * 4, usage });
  device.queue.writeBuffer(buffer, 0, Float32Array.from(values));
  return buffer;
}

export async function contentOf(
  device: GPUDevice,
  buffer: GPUBuffer,
  offset = 0,
  size = buffer.size - offset,
): Promise<ArrayBuffer> {
  const staging = device.createBuffer({ label: 'staging', size, usage: USAGE.MAP_READ | USAGE.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const bytes = staging.getMappedRange().slice(0);
  staging.destroy();
  return bytes;
}

export async function floatsOf(device: GPUDevice, buffer: GPUBuffer): Promise<number[]> {
  return [...new Float32Array(await contentOf(device, buffer))];
}

export function pipelineOf(
  device: GPUDevice,
  entryPoint: string,
  constants: Record<string, number> = {},
): GPUComputePipeline {
  const module = device.createShaderModule({ label: 'fake.wgsl', code: SOURCE });
  return device.createComputePipeline({
    label: entryPoint,
    layout: 'auto',
    compute: { module, entryPoint, constants },
  });
}

export function groupOf(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  ...buffers: readonly GPUBuffer[]
): GPUBindGroup {
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  return device.createBindGroup({ label: 'group', layout: pipeline.getBindGroupLayout(0), entries });
}

/** Submits one compute pass. */
export function runPass(
  device: GPUDevice,
  record: (pass: GPUComputePassEncoder) => void,
  descriptor?: GPUComputePassDescriptor,
): void {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass(descriptor);
  record(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
}

/** Submits `times` dispatches of a kernel on `buffers`, with 64 elements per workgroup. */
export function dispatch(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  buffers: readonly GPUBuffer[],
  times = 1,
): void {
  const group = groupOf(device, pipeline, ...buffers);
  runPass(device, pass => {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(Math.ceil(buffers.at(-1)!.size / 256));
  });
}
