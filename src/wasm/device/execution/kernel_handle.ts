import type { CompiledKernel, CompileRequest } from '../../interface/compiled_kernel.ts';

/** @throws CompileError */
export type KernelCompiler = (request: CompileRequest) => CompiledKernel;

/** Checks the syntax of WGSL, which needs neither an entry point nor constants. @throws CompileError */
export type ShaderChecker = (source: string) => unknown;

/** A kernel that is ready to be sent to threads. */
export interface KernelHandle {
  /** Unique within its device. */
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly scratchBytes: number;
}
