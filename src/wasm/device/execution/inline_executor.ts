import { breathe } from './breathe.ts';
import type { Executor, Program } from './executor.ts';
import type { Heap } from './heap.ts';
import { PROGRAM_LAYOUT } from './program_layout.ts';
import { createRunner, type Runner } from './runner.ts';

const SLICE_NS = 8e6;

/**
 * Runs programs on the calling thread, in time slices between which the event loop runs. Used by pages that may not
 * share memory between threads. A single call of a kernel cannot be interrupted.
 */
export class InlineExecutor implements Executor {
  readonly threads = 1;
  readonly turns = 64;
  private runner: Runner | undefined;
  private readonly known = new Set<number>();

  constructor(heap: Heap) {
    this.runner = createRunner(PROGRAM_LAYOUT, heap.memory, 0, nowNs);
  }

  async execute({ address, kernels }: Program): Promise<void> {
    for (const { id, module } of kernels)
      if (!this.known.has(id)) {
        this.known.add(id);
        this.runner?.addKernel(id, module);
      }
    while (this.runner?.run(address, nowNs() + SLICE_NS) === 'paused') await breathe();
    if (!this.runner) await new Promise(() => {});
  }

  retire(free: () => void): void {
    free();
  }

  forgetKernel(id: number): void {
    this.known.delete(id);
    this.runner?.removeKernel(id);
  }

  stop(): void {
    this.runner = undefined; // this also drops the memory
  }
}

function nowNs(): number {
  return performance.now() * 1e6;
}
