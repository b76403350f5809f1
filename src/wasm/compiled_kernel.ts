/** Where the compiler ends and the device begins. */

/** What this engine's WebAssembly has beyond 128-bit SIMD. */
export interface SimdFeatures {
  /** A multiply-add in one instruction. */
  readonly relaxedSimd: boolean;
  /** Pairs of operations are made into ones of 256 bits, which have registers of that size. */
  readonly wideSimd: boolean;
}

export interface CompileRequest {
  /** WGSL. */
  readonly source: string;
  readonly entryPoint: string;
  /** Values of the shader's overrides, by name. */
  readonly constants: Readonly<Record<string, number>>;
  readonly features: SimdFeatures;
  /** Whether the memory is shared between threads: atomics and the import must say so. */
  readonly sharedMemory: boolean;
}

export interface KernelBinding {
  readonly group: number;
  readonly binding: number;
  readonly name: string;
  readonly type: 'uniform' | 'storage' | 'read-only-storage';
  /** The least bytes that must be bound; a runtime array counts one element. */
  readonly minBindingSize: number;
}

/**
 * A compute shader as a WebAssembly module.
 *
 * It imports `env.memory` and exports `run(args: i32, first: i32, count: i32)`, which executes `count` workgroups from the
 * linear workgroup index `first` on (x fastest). `args` is the address of a block of i32, laid out as
 *
 *     0   workgroups along x, y, z
 *     12  address of this thread's scratch memory, 16-byte aligned, `scratchBytes` long
 *     16  for each of `bindings`, in order: byte address, byte length
 *
 * All buffers lie in the one memory, at 16-byte aligned addresses. No index of the shader reaches outside of its bindings
 * and the scratch memory.
 */
export interface CompiledKernel {
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** Those that the entry point uses. */
  readonly bindings: readonly KernelBinding[];
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroup variables, and what invocations keep across barriers. */
  readonly scratchBytes: number;
  readonly workgroupStorageBytes: number;
}

export interface CompileMessage {
  readonly type: 'error' | 'warning' | 'info';
  readonly message: string;
  /** From 1; 0 where unknown. */
  readonly lineNum: number;
  readonly linePos: number;
}

/** WGSL that cannot be compiled, with the place. */
export class CompileError extends Error {
  constructor(readonly messages: readonly CompileMessage[]) {
    super(messages.map(({ lineNum, linePos, message }) => `${lineNum}:${linePos}: ${message}`).join('\n'));
    this.name = 'CompileError';
  }
}
