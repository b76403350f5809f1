import { CompileError } from '../../../src/wasm/interface/compile_error.ts';
import type { CompiledKernel, CompileRequest, KernelBinding } from '../../../src/wasm/interface/compiled_kernel.ts';

/**
 * Returns one of a few hand-assembled kernels, chosen by the entry point's name, so that the device can be tested
 * without the compiler.
 */
export function fakeCompile({ source, entryPoint, constants, sharedMemory }: CompileRequest): CompiledKernel {
  const errorAt = source.split('\n').findIndex(line => line.includes('SYNTAX ERROR'));
  if (errorAt >= 0)
    throw new CompileError([
      {
        type: 'error',
        message: 'unexpected token',
        lineNum: errorAt + 1,
        linePos: source.split('\n')[errorAt]!.indexOf('SYNTAX') + 1,
      },
    ]);
  const kernel = KERNELS[entryPoint];
  if (!kernel) throw new Error(`the fake compiler has no kernel "${entryPoint}"`);
  const size = constants.SIZE ?? 64;
  return {
    wasm: assemble(kernel.code(constants.AMOUNT ?? 1), sharedMemory),
    bindings: kernel.bindings,
    workgroupSize: [size, 1, 1],
    scratchBytes: kernel.scratchBytes ?? 0,
    workgroupStorageBytes: constants.STORAGE ?? 0,
  };
}

export function fakeCheck(source: string): void {
  if (source.includes('NOT WGSL'))
    throw new CompileError([{ type: 'error', message: 'no declaration', lineNum: 1, linePos: 1 }]);
}

export const SOURCE = `
// @compute fn comment() {}
@id(7) override SIZE: u32 = 64; override AMOUNT: f32 = 1; override STORAGE: u32 = 0;
/* @compute fn nested() { /* override HIDDEN: u32; */ } */
@compute @workgroup_size(64) fn add() {}
@compute @workgroup_size(64) fn copy() {}
@workgroup_size(64) @compute fn endless() {}
@compute @workgroup_size(64) fn trap() {}
@compute @workgroup_size(64) fn scratch() {}
`;

interface FakeKernel {
  readonly bindings: readonly KernelBinding[];
  readonly scratchBytes?: number;
  code(amount: number): number[];
}

const x: KernelBinding = { group: 0, binding: 0, name: 'x', type: 'storage', minBindingSize: 4 };
const from: KernelBinding = { group: 0, binding: 0, name: 'from', type: 'read-only-storage', minBindingSize: 4 };
const to: KernelBinding = { group: 0, binding: 1, name: 'to', type: 'storage', minBindingSize: 16 };

// Locals: 0 args, 1 first, 2 count, 3 pointer, 4 end, 5 limit.
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const i32 = (value: number) => [0x41, ...signed(value)];
const load = (offset: number) => [0x28, 2, offset];
const [ADD, SUB, MUL, LESS] = [[0x6a], [0x6b], [0x6c], [0x49]];
/** pointer = start of binding + first * 256, end = min(pointer + count * 256, end of binding) */
const range = (binding: number) => [
  ...[...get(0), ...load(16 + 8 * binding), ...get(1), ...i32(256), ...MUL!, ...ADD!, ...set(3)],
  ...[...get(3), ...get(2), ...i32(256), ...MUL!, ...ADD!, ...set(4)],
  ...[...get(0), ...load(16 + 8 * binding), ...get(0), ...load(20 + 8 * binding), ...ADD!, ...set(5)],
  ...[...get(4), ...get(5), ...get(4), ...get(5), ...LESS!, 0x1b, ...set(4)],
];
/** while (pointer < end) { body; pointer += 4 } */
const each = (...body: number[][]) => [
  ...[0x02, 0x40, 0x03, 0x40, ...get(3), ...get(4), ...LESS!, 0x45, 0x0d, 1],
  ...body.flat(),
  ...[...get(3), ...i32(4), ...ADD!, ...set(3), 0x0c, 0, 0x0b, 0x0b],
];

const KERNELS: Readonly<Record<string, FakeKernel>> = {
  /** x[i] += AMOUNT */
  add: {
    bindings: [x],
    code: amount => [...range(0), ...each(get(3), get(3), [0x2a, 2, 0], [0x43, ...f32(amount)], [0x92], [0x38, 2, 0])],
  },
  /** to[i] = from[i] + AMOUNT */
  copy: {
    bindings: [from, to],
    code: amount => [
      ...range(1),
      ...each(
        get(3),
        [...get(3), ...get(0), ...load(24), ...SUB!, ...get(0), ...load(16), ...ADD!],
        [0x2a, 2, 0],
        [0x43, ...f32(amount)],
        [0x92],
        [0x38, 2, 0],
      ),
    ],
  },
  endless: { bindings: [x], code: () => [0x03, 0x40, 0x0c, 0, 0x0b] },
  trap: { bindings: [x], code: () => [0x00] },
  /**
   * Writes the workgroup index to its scratch memory, then adds 1 to each element of x if it still reads the same
   * value.
   */
  scratch: {
    bindings: [x],
    scratchBytes: 4096,
    code: () => [
      ...[...get(0), ...load(12), ...get(1), 0x36, 2, ...unsigned(4092)],
      ...range(0),
      ...each(
        get(3),
        [...get(3), 0x2a, 2, 0],
        [...get(0), ...load(12), 0x28, 2, ...unsigned(4092), ...get(1), 0x46, 0xb2],
        [0x92],
        [0x38, 2, 0],
      ),
    ],
  },
};

function assemble(code: readonly number[], shared: boolean): Uint8Array<ArrayBuffer> {
  const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
  const memory = shared ? [3, 0, ...unsigned(65536)] : [0, 0];
  const body = [1, 3, 0x7f, ...code, 0x0b];
  const section = (id: number, bytes: readonly number[]) => [id, ...unsigned(bytes.length), ...bytes];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, 0x7f, 0x7f, 0x7f, 0]),
    ...section(2, [1, ...name('env'), ...name('memory'), 2, ...memory]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('run'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  );
}

function f32(value: number): Uint8Array {
  return new Uint8Array(Float32Array.of(value).buffer);
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const [low, rest] = [value & 127, value >> 7];
  const last = (rest === 0 && low < 64) || (rest === -1 && low >= 64);
  return last ? [low] : [low | 128, ...signed(rest)];
}
