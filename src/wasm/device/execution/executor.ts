import type { Heap } from './heap.ts';
import type { KernelHandle } from './kernel_handle.ts';

/** A program in memory, ready to run. */
export interface Program {
  readonly address: number;
  readonly kernels: ReadonlySet<KernelHandle>;
  /** The most threads that can take part: units of the widest command. */
  readonly width: number;
}

/** What runs programs, one after the other. */
export interface Executor {
  /** Threads that a dispatch is spread over. */
  readonly threads: number;
  /** Into how many parts a dispatch is cut: enough that no thread waits long for another's last one. */
  readonly turns: number;
  /** Resolves when the program is done. @throws what a kernel trapped with */
  execute(program: Program): Promise<void>;
  /** Frees memory once no thread looks at it any more: threads leave a program some time after it is done. */
  retire(free: () => void): void;
  forgetKernel(id: number): void;
  /** Ends all threads, whatever they do. What runs never resolves. */
  stop(): void;
}

export interface ExecutorOptions {
  readonly heap: Heap;
  readonly threads: number;
  /** A thread ended by itself. */
  readonly onFailure: (error: Error) => void;
}
