import type { ProgramLayout } from './program_layout.ts';
import type { createRunner as CreateRunner, Runner } from './runner.ts';

/** A message to a worker. `start` is sent once, first. */
export interface WorkerRequest {
  readonly start?: {
    readonly memory: WebAssembly.Memory;
    readonly thread: number;
    /** The address of one word per thread: the serial of the last program that the thread has left. */
    readonly left: number;
  };
  /** Kernels that the worker does not have yet, and the ids of those that no pipeline uses any more. */
  readonly kernels?: readonly (readonly [id: number, module: WebAssembly.Module])[];
  readonly removed?: readonly number[];
  /** `memoryBytes` is the size of the memory when the program was sent. */
  readonly program?: { readonly address: number; readonly serial: number; readonly memoryBytes: number };
}

export type WorkerReply = { readonly ready: true } | { readonly finished: number } | { readonly failed: string };

/**
 * The main function of a worker. Workers run its source text, so it may use only its arguments and the language's
 * globals.
 */
export function workerMain(
  layout: ProgramLayout,
  createRunner: typeof CreateRunner,
  now: () => number,
  post: (reply: WorkerReply) => void,
  listen: (handler: (request: WorkerRequest) => void) => void,
): void {
  let runner: Runner | undefined;
  let memory: WebAssembly.Memory | undefined;
  let leftAddress = 0;
  listen(({ start, kernels = [], removed = [], program }) => {
    try {
      if (start) {
        memory = start.memory;
        leftAddress = start.left + 4 * start.thread;
        runner = createRunner(layout, memory, start.thread, now);
        post({ ready: true });
      }
      for (const [id, module] of kernels) runner!.addKernel(id, module);
      for (const id of removed) runner!.removeKernel(id);
      if (!program) return;
      if (memory!.buffer.byteLength < program.memoryBytes) memory!.grow(0); // makes growth by other threads visible
      const outcome = runner!.run(program.address, Number.POSITIVE_INFINITY);
      if (outcome === 'finished') post({ finished: program.serial });
      Atomics.store(new Int32Array(memory!.buffer, leftAddress, 1), 0, program.serial);
    } catch (error) {
      post({ failed: error instanceof Error ? error.message : String(error) });
    }
  });
}
