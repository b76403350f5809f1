/** Threads that run the codecs of DICOM files. */
import type { CodecAnswer } from '../dicom/codec_thread.ts';
import type { Codec, CodecFrame } from '../dicom/types.ts';
import type { WorkerThread } from './types.ts';

/** A frame takes at most a few seconds; a thread that takes longer is ended. */
export const CODEC_TIMEOUT_MS = 60_000;

interface Job {
  readonly codec: Codec;
  readonly bytes: Uint8Array;
  readonly resolve: (frame: CodecFrame) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Distributes frames over threads, which start when they are needed. A thread that crashes or does not answer is ended,
 * and only its frame fails. Waiting threads do not keep the process alive.
 */
export class CodecPool {
  private readonly idle: WorkerThread[] = [];
  private readonly waiting: Job[] = [];
  private readonly running = new Map<
    WorkerThread,
    { readonly job: Job; readonly timer: ReturnType<typeof setTimeout> }
  >();
  private threads = 0;

  constructor(
    private readonly start: () => WorkerThread,
    private readonly most: number,
  ) {}

  /** Decodes a frame. @throws Error  the codec failed, the thread crashed, or it took more than a minute */
  run(codec: Codec, bytes: Uint8Array): Promise<CodecFrame> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ codec, bytes, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    if (this.waiting.length === 0) return;
    const thread = this.idle.pop() ?? (this.threads < this.most ? this.open() : undefined);
    if (thread === undefined) return;
    const job = this.waiting.shift()!;
    const timer = setTimeout(() => this.fail(thread, 'decoding its pixels took more than a minute'), CODEC_TIMEOUT_MS);
    this.running.set(thread, { job, timer });
    thread.ref();
    thread.post({ id: 0, codec: job.codec, bytes: job.bytes });
  }

  private open(): WorkerThread {
    const thread = this.start();
    this.threads++;
    thread.onMessage(message => this.finish(thread, message as CodecAnswer));
    thread.onFailure(() => this.fail(thread, 'its decoder crashed'));
    return thread;
  }

  private finish(thread: WorkerThread, answer: CodecAnswer): void {
    const job = this.release(thread);
    if (job === undefined) return;
    thread.unref();
    this.idle.push(thread);
    if ('frame' in answer) job.resolve(answer.frame);
    else job.reject(new Error(answer.problem));
    this.next();
  }

  private fail(thread: WorkerThread, problem: string): void {
    const job = this.release(thread);
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    if (job === undefined && at < 0) return;
    this.threads--;
    thread.terminate();
    job?.reject(new Error(problem));
    this.next();
  }

  private release(thread: WorkerThread): Job | undefined {
    const found = this.running.get(thread);
    this.running.delete(thread);
    clearTimeout(found?.timer);
    return found?.job;
  }
}
