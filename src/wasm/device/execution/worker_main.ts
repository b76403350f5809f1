import type { ProgramLayout } from './program_layout.ts';
import type { createRunner as CreateRunner, Runner } from './runner.ts';

/** What a worker is told. `start` comes first, once. */
export interface WorkerRequest {
  readonly start?: {
    readonly memory: WebAssembly.Memory;
    readonly thread: number;
    /** Address of one word for each thread: the serial of the last program that it has left for good. */
    readonly left: number;
  };
  /** Kernels that it does not have yet, and those that no pipeline needs any more. */
  readonly kernels?: readonly (readonly [id: number, module: WebAssembly.Module])[];
  readonly removed?: readonly number[];
  /** `memoryBytes`: what the memory had grown to when the program was written. */
  readonly program?: { readonly address: number; readonly serial: number; readonly memoryBytes: number };
}

export type WorkerReply = { readonly ready: true } | { readonly finished: number } | { readonly failed: string };

/** A worker's program. Its text is what workers run: nothing but its arguments and the language's globals may be used inside. */
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
      if (memory!.buffer.byteLength < program.memoryBytes) memory!.grow(0); // takes notice of what others have grown it to
      const outcome = runner!.run(program.address, Number.POSITIVE_INFINITY);
      if (outcome === 'finished') post({ finished: program.serial });
      Atomics.store(new Int32Array(memory!.buffer, leftAddress, 1), 0, program.serial);
    } catch (error) {
      post({ failed: error instanceof Error ? error.message : String(error) });
    }
  });
}
