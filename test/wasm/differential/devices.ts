import { setFlagsFromString } from 'node:v8';
import { create } from 'webgpu';
import { enableWideSimd } from '#platform';
import { withSwiftShader } from '../../../src/platform/swiftshader.ts';
import { requestWasmAdapter, type WasmAdapterOptions } from '../../../src/wasm/index.ts';

/** The words of a program's output buffers, or why the program was refused. */
export type Outcome = { readonly buffers: readonly Uint32Array[] } | { readonly error: string };

export interface Program {
  /** WGSL with the entry point `main`. */
  readonly source: string;
  readonly workgroups: number;
  readonly constants?: Readonly<Record<string, number>>;
  /** The buffers by binding number in group 0. Outputs are read back in this order. */
  readonly buffers: readonly { readonly use: 'uniform' | 'input' | 'output'; readonly words: Uint32Array }[];
}

export interface Tested {
  readonly name: string;
  readonly device: GPUDevice;
}

/**
 * Opens Dawn on SwiftShader with index checks and zeroed workgroup memory, as WGSL requires. The runtime's own device
 * turns both off for speed.
 */
export async function openDawn(): Promise<Tested> {
  const gpu = create([]);
  const device = await withSwiftShader(async () => (await gpu.requestAdapter())!.requestDevice());
  // Keeps the instance alive: its garbage collection would destroy its devices.
  Object.assign(device, { instance: gpu });
  return { name: 'Dawn', device };
}

/**
 * Opens the wasm device, by default on the calling thread, because these programs are too small to share between
 * threads.
 */
export async function openWasm({ relaxedSimd, wideSimd = false, threads = 0 }: WasmAdapterOptions): Promise<Tested> {
  const adapter = await requestWasmAdapter({ threads, relaxedSimd, wideSimd });
  const name = wideSimd ? 'wasm with 256-bit SIMD' : relaxedSimd ? 'wasm with relaxed SIMD' : 'wasm';
  return { name, device: await adapter.requestDevice() };
}

/** Opens wasm devices without relaxed SIMD, with it, and with 256-bit SIMD if this Node has it. */
export async function openEveryWasm(): Promise<Tested[]> {
  const tested = [await openWasm({ relaxedSimd: false }), await openWasm({ relaxedSimd: true })];
  if (!enableWideSimd()) return tested;
  // Only V8's optimizing compiler fuses operations, and it would never compile code that runs only once.
  setFlagsFromString('--no-liftoff');
  return [...tested, await openWasm({ relaxedSimd: true, wideSimd: true })];
}

const { COPY_DST, COPY_SRC, MAP_READ, STORAGE, UNIFORM } = {
  MAP_READ: 1,
  COPY_SRC: 4,
  COPY_DST: 8,
  UNIFORM: 64,
  STORAGE: 128,
};
const READ = 1;
const COMPUTE = 4;

/** Runs a program. Returns a validation error as an outcome; throws any other error. */
export async function execute({ device }: Tested, program: Program): Promise<Outcome> {
  device.pushErrorScope('validation');
  const bindGroupLayout = device.createBindGroupLayout({
    entries: program.buffers.map(({ use }, binding) => ({
      binding,
      visibility: COMPUTE,
      buffer: { type: ({ uniform: 'uniform', input: 'read-only-storage', output: 'storage' } as const)[use] },
    })),
  });
  const module = device.createShaderModule({ code: program.source });
  let pipeline: GPUComputePipeline | undefined;
  let refusal = '';
  try {
    pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] }),
      compute: { module, entryPoint: 'main', constants: program.constants as Record<string, number> },
    });
  } catch (error) {
    refusal = String(error);
  }
  const invalid = await device.popErrorScope();
  if (!pipeline || invalid) return { error: invalid?.message || refusal };
  device.pushErrorScope('validation');
  const buffers = await dispatch(device, pipeline, program);
  const failed = await device.popErrorScope();
  if (failed) throw new Error(`the test itself is invalid: ${failed.message}`);
  return { buffers };
}

async function dispatch(device: GPUDevice, pipeline: GPUComputePipeline, program: Program): Promise<Uint32Array[]> {
  const buffers = program.buffers.map(({ use, words }) => {
    const usage = use === 'uniform' ? UNIFORM | COPY_DST : STORAGE | COPY_DST | COPY_SRC;
    const buffer = device.createBuffer({ size: words.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, words as Uint32Array<ArrayBuffer>);
    return buffer;
  });
  const outputs = buffers.filter((_, i) => program.buffers[i]!.use === 'output');
  const size = outputs.reduce((sum, buffer) => sum + buffer.size, 0);
  const results = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(program.workgroups);
  pass.end();
  let at = 0;
  for (const buffer of outputs) {
    encoder.copyBufferToBuffer(buffer, 0, results, at, buffer.size);
    at += buffer.size;
  }
  device.queue.submit([encoder.finish()]);
  await results.mapAsync(READ);
  const words = new Uint32Array(results.getMappedRange().slice(0));
  for (const buffer of [...buffers, results]) buffer.destroy();
  at = 0;
  return outputs.map(buffer => {
    at += buffer.size / 4;
    return words.subarray(at - buffer.size / 4, at);
  });
}
