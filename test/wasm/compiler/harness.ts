import { compileKernel } from '../../../src/wasm/compiler/index.ts';
import type { CompiledKernel, CompileRequest, SimdFeatures } from '../../../src/wasm/interface/compiled_kernel.ts';

export type Data = Float32Array | Uint32Array | Int32Array;

export interface RunOptions extends Partial<SimdFeatures> {
  readonly workgroups?: readonly [number, number?, number?];
  readonly constants?: CompileRequest['constants'];
  readonly entryPoint?: string;
  readonly sharedMemory?: boolean;
}

const GUARD_BYTES = 64;
const GUARD = 0xa5;
const ARGS = 1024;

export function compile(
  source: string,
  { constants = {}, entryPoint = 'main', sharedMemory = false, relaxedSimd = false, wideSimd = false }: RunOptions = {},
) {
  return compileKernel({ source, entryPoint, constants, sharedMemory, features: { relaxedSimd, wideSimd } });
}

/**
 * Compiles a kernel and runs it on buffers, given by binding name. The kernel changes them in place.
 *
 * @throws Error  the kernel wrote a byte outside of its bindings and the scratch memory
 */
export function run(source: string, buffers: Record<string, Data>, options: RunOptions = {}): CompiledKernel {
  const kernel = compile(source, options);
  prepare(kernel, buffers, options).runAndCheck();
  return kernel;
}

export interface Prepared {
  readonly kernel: CompiledKernel;
  readonly workgroups: number;
  execute(first: number, count: number): void;
  runAndCheck(): void;
}

function prepare(kernel: CompiledKernel, buffers: Record<string, Data>, options: RunOptions = {}): Prepared {
  const [x, y = 1, z = 1] = options.workgroups ?? [1];
  const align = (at: number) => Math.ceil(at / 16) * 16;
  let end = align(ARGS + 16 + 8 * kernel.bindings.length) + GUARD_BYTES;
  const place = (bytes: number) => {
    const at = end;
    end = align(at + bytes) + GUARD_BYTES;
    return at;
  };
  const scratch = place(kernel.scratchBytes);
  const places = kernel.bindings.map(({ name }) => {
    const buffer = buffers[name];
    if (!buffer) throw new Error(`no buffer for '${name}'`);
    return { buffer, at: place(buffer.byteLength) };
  });
  const pages = Math.ceil(end / 65536);
  const memory = new WebAssembly.Memory(
    options.sharedMemory ? { initial: pages, maximum: 65536, shared: true } : { initial: pages },
  );
  const bytes = new Uint8Array(memory.buffer).fill(GUARD);
  const args = new Uint32Array(memory.buffer, ARGS);
  args.set([x, y, z, scratch]);
  for (const [i, { buffer, at }] of places.entries()) {
    args.set([at, buffer.byteLength], 4 + 2 * i);
    bytes.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), at);
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(kernel.wasm), { env: { memory } });
  const run = instance.exports.run as (args: number, first: number, count: number) => void;
  const owned = [
    { at: ARGS, bytes: 16 + 8 * places.length },
    { at: scratch, bytes: kernel.scratchBytes },
    ...places.map(({ at, buffer }) => ({ at, bytes: buffer.byteLength })),
  ];
  return {
    kernel,
    workgroups: x * y * z,
    execute: (first, count) => run(ARGS, first, count),
    runAndCheck() {
      run(ARGS, 0, x * y * z);
      for (const { buffer, at } of places)
        new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).set(
          bytes.subarray(at, at + buffer.byteLength),
        );
      for (const { at, bytes: size } of owned) bytes.fill(GUARD, at, at + size);
      const written = bytes.findIndex(byte => byte !== GUARD);
      if (written >= 0) throw new Error(`the kernel wrote byte ${written}, which is outside of every binding`);
    },
  };
}
