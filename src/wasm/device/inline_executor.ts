import type { Executor, Program } from './executor.ts';
import type { Heap } from './heap.ts';
import { PROGRAM_LAYOUT } from './program_layout.ts';
import { createRunner, type Runner } from './runner.ts';

const SLICE_NS = 8e6;

/**
 * Runs programs on the calling thread, in slices between which the event loop breathes. For pages that may not share memory between
 * threads. A single call into a kernel cannot be interrupted.
 */
export class InlineExecutor implements Executor {
  readonly threads = 1;
  private readonly runner: Runner;
  private readonly known = new Set<number>();
  private stopped = false;

  constructor(heap: Heap) {
    this.runner = createRunner(PROGRAM_LAYOUT, heap.memory, 0, nowNs);
  }

  async execute({ address, kernels }: Program): Promise<void> {
    for (const { id, module } of kernels)
      if (!this.known.has(id)) {
        this.known.add(id);
        this.runner.addKernel(id, module);
      }
    while (this.runner.run(address, nowNs() + SLICE_NS) === 'paused') {
      await breathe();
      if (this.stopped) await new Promise(() => {});
    }
  }

  retire(free: () => void): void {
    free();
  }

  forgetKernel(id: number): void {
    this.known.delete(id);
    this.runner.removeKernel(id);
  }

  stop(): void {
    this.stopped = true;
  }
}

function nowNs(): number {
  return performance.now() * 1e6;
}

/** Lets everything else that waits for the event loop have its turn; timers would be clamped to 4 ms on a page. */
export function breathe(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise(resolve => setImmediate(resolve));
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
