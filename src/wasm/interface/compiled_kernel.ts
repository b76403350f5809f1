/** The interface between the compiler and the device. */

/** Features of this engine's WebAssembly beyond 128-bit SIMD. */
export interface SimdFeatures {
  /** Multiply-add is one instruction. */
  readonly relaxedSimd: boolean;
  /** The engine fuses pairs of 128-bit operations into 256-bit ones, which use 256-bit registers. */
  readonly wideSimd: boolean;
}

export interface CompileRequest {
  /** The WGSL text. */
  readonly source: string;
  readonly entryPoint: string;
  /** The values of the shader's overrides, by name. */
  readonly constants: Readonly<Record<string, number>>;
  readonly features: SimdFeatures;
  /** Whether threads share the memory. The memory import must declare this, and atomics depend on it. */
  readonly sharedMemory: boolean;
}

export interface KernelBinding {
  readonly group: number;
  readonly binding: number;
  readonly name: string;
  readonly type: 'uniform' | 'storage' | 'read-only-storage';
  /** The smallest size to bind, in bytes. A runtime-sized array counts as one element. */
  readonly minBindingSize: number;
}

/**
 * A compute shader as a WebAssembly module.
 *
 * It imports `env.memory` and exports `run(args: i32, first: i32, count: i32)`, which executes `count` workgroups,
 * starting at the linear workgroup index `first` (x varies fastest). `args` is the address of a block of i32 with this
 * layout:
 *
 *     0   numbers of workgroups along x, y, z
 *     12  address of this thread's scratch memory, 16-byte aligned, `scratchBytes` long
 *     16  for each of `bindings`, in order: byte address, byte length
 *
 * All buffers are in the same memory, at 16-byte aligned addresses. No shader index can reach outside the bindings and
 * the scratch memory.
 */
export interface CompiledKernel {
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** The bindings that the entry point uses. */
  readonly bindings: readonly KernelBinding[];
  readonly workgroupSize: readonly [number, number, number];
  /** Bytes for workgroup variables and for values that invocations keep across barriers. */
  readonly scratchBytes: number;
  readonly workgroupStorageBytes: number;
}
