import { spawnWorker, type WorkerThread } from '#platform';
import { deferred } from './deferred.ts';
import type { Executor, ExecutorOptions, Program } from './executor.ts';
import type { Allocation, Heap } from './heap.ts';
import { PROGRAM_LAYOUT } from './program_layout.ts';
import { createRunner } from './runner.ts';
import { type WorkerReply, type WorkerRequest, workerMain } from './worker_main.ts';

const TURNS_PER_THREAD = 64;

interface Retired {
  readonly serial: number;
  readonly free: () => void;
}

/**
 * Runs programs on worker threads. One message to each thread starts a program and one message back ends it. In
 * between, threads synchronise only through shared memory.
 */
export class WorkerExecutor implements Executor {
  readonly threads: number;
  readonly turns: number;
  private readonly heap: Heap;
  private readonly workers: WorkerThread[] = [];
  /** One word per thread, see `WorkerRequest.start`. */
  private readonly left: Allocation;
  /** The ids of the kernels that each thread has. */
  private readonly known: Set<number>[] = [];
  private readonly removed: number[][] = [];
  /** The serial of the last program that was sent to each thread. */
  private readonly told: number[] = [];
  private readonly retired: Retired[] = [];
  private serial = 0;
  private stopped = false;
  private current: { resolve: () => void; reject: (error: Error) => void } | undefined;

  private constructor({ heap, threads }: ExecutorOptions, left: Allocation) {
    this.threads = threads;
    this.turns = threads * TURNS_PER_THREAD;
    this.heap = heap;
    this.left = left;
  }

  /** Resolves when the first thread answers. @throws Error  threads cannot be started */
  static async start(options: ExecutorOptions): Promise<WorkerExecutor> {
    const left = options.heap.allocate(4 * options.threads);
    if (!left) throw new Error('not enough memory for the threads');
    const executor = new WorkerExecutor(options, left);
    const first = deferred();
    for (let thread = 0; thread < options.threads; thread++)
      executor.addWorker(
        thread,
        error => {
          first.reject(error);
          options.onFailure(error);
        },
        thread === 0 ? first.resolve : undefined,
      );
    try {
      await first.promise;
    } catch (error) {
      executor.stop();
      throw error;
    }
    executor.workers[0]!.unref();
    return executor;
  }

  execute({ address, kernels, width }: Program): Promise<void> {
    const serial = ++this.serial;
    const result = deferred();
    this.current = result;
    for (let thread = 0; thread < Math.min(width, this.threads); thread++) {
      const fresh = [...kernels].filter(({ id }) => !this.known[thread]!.has(id));
      for (const { id } of fresh) this.known[thread]!.add(id);
      this.told[thread] = serial;
      const removed = this.removed[thread]!;
      this.post(thread, {
        program: { address, serial, memoryBytes: this.heap.memory.buffer.byteLength },
        ...(fresh.length > 0 && { kernels: fresh.map(({ id, module }) => [id, module] as const) }),
        ...(removed.length > 0 && { removed: removed.splice(0) }),
      });
      if (thread === 0) this.workers[0]!.ref(); // one busy thread is enough to keep the process alive
    }
    return result.promise;
  }

  retire(free: () => void): void {
    if (this.stopped) return;
    this.retired.push({ serial: this.serial, free });
    this.reclaim();
  }

  forgetKernel(id: number): void {
    this.known.forEach((known, thread) => {
      if (known.delete(id)) this.removed[thread]!.push(id);
    });
  }

  stop(): void {
    this.stopped = true;
    for (const worker of this.workers.splice(0)) worker.terminate();
    this.current = undefined;
    this.retired.length = 0;
  }

  private addWorker(thread: number, onFailure: (error: Error) => void, onReady?: () => void): void {
    const source = `(now, post, listen) => (${workerMain})(${JSON.stringify(PROGRAM_LAYOUT)}, ${createRunner}, now, post, listen)`;
    const worker = spawnWorker(source, `raycam compute ${thread}`);
    this.workers.push(worker);
    this.known.push(new Set());
    this.removed.push([]);
    this.told.push(0);
    worker.onFailure(error => {
      if (!this.stopped) onFailure(error);
    });
    worker.onMessage(message => {
      const reply = message as WorkerReply;
      if ('ready' in reply) onReady?.();
      else this.settle(reply);
    });
    this.post(thread, { start: { memory: this.heap.memory, thread, left: this.left.address } });
    if (thread > 0) worker.unref();
  }

  private post(thread: number, request: WorkerRequest): void {
    this.workers[thread]!.post(request);
  }

  private settle(reply: { readonly finished: number } | { readonly failed: string }): void {
    if (this.stopped) return; // the message was sent before the thread was ended
    const { current } = this;
    this.current = undefined;
    this.workers[0]?.unref();
    if ('failed' in reply) current?.reject(new Error(reply.failed));
    else current?.resolve();
    this.reclaim();
  }

  /** Frees retired memory, except what a thread may still be reading: it has not left the last program it was sent. */
  private reclaim(): void {
    if (this.retired.length === 0) return;
    const left = this.heap.words(this.left.address, this.threads);
    let oldest = Number.POSITIVE_INFINITY;
    this.told.forEach((serial, thread) => {
      const last = Atomics.load(left, thread);
      if (last < serial) oldest = Math.min(oldest, last + 1);
    });
    while (this.retired.length > 0 && this.retired[0]!.serial < oldest) this.retired.shift()!.free();
  }
}
