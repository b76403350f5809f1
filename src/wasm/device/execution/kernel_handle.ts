import type { CompiledKernel, CompileRequest } from '../../compiled_kernel.ts';

/** @throws CompileError */
export type KernelCompiler = (request: CompileRequest) => CompiledKernel;

/** What can be said of WGSL before anybody says which entry point and constants: its syntax. @throws CompileError */
export type ShaderChecker = (source: string) => unknown;

/** A kernel that is ready to be handed to threads. */
export interface KernelHandle {
  /** Unique within its device. */
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly scratchBytes: number;
}
