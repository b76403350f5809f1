import type { Heap } from './heap.ts';
import type { KernelHandle } from './kernel_handle.ts';

/** A program that is written to memory and ready to run. */
export interface Program {
  readonly address: number;
  readonly kernels: ReadonlySet<KernelHandle>;
  /** The most threads that can take part: the number of chunks of the widest command. */
  readonly width: number;
}

/** Runs programs, one after the other. */
export interface Executor {
  /** The number of threads that share a dispatch. */
  readonly threads: number;
  /** The number of chunks that a dispatch is split into: enough that no thread waits long for another's last chunk. */
  readonly turns: number;
  /** Resolves when the program is done. @throws the error of a kernel that trapped */
  execute(program: Program): Promise<void>;
  /** Calls `free` once no thread reads the memory any more: threads leave a program some time after it is done. */
  retire(free: () => void): void;
  forgetKernel(id: number): void;
  /** Ends all threads at once. A running program's promise never settles. */
  stop(): void;
}

export interface ExecutorOptions {
  readonly heap: Heap;
  readonly threads: number;
  /** Called when a thread fails. */
  readonly onFailure: (error: Error) => void;
}
