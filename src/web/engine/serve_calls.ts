/** The engine's side of the protocol. Runs calls one at a time; immediate methods do not wait. */
import type { Failure, FromEngine, ToEngine } from './protocol.ts';

/** The context that a method gets in addition to its input. */
export interface Call<Context, Progress = unknown> {
  readonly engine: Context;
  /** Aborted when the page no longer needs the answer. Check it between long steps. */
  readonly signal: AbortSignal;
  /** Calls the caller's `onProgress`. */
  progress(value: Progress): void;
  /** Transfers buffers of the result instead of copying them. The engine must not use them afterwards. */
  transfer(...arrays: readonly ArrayBufferView[]): void;
}

// biome-ignore lint/suspicious/noExplicitAny: a table contains methods with any input
export type AnyMethod<Context> = (input: any, call: Call<Context, any>) => Promise<unknown>;

export interface Port {
  postMessage(message: FromEngine, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

export interface ServeOptions<Context> {
  readonly methods: Readonly<Record<string, AnyMethod<Context>>>;
  /** Methods that need no device and run while others wait. */
  readonly immediate: ReadonlySet<string>;
  readonly engine: Context;
  /** Runs a queued call, and can reopen a lost device. */
  readonly around: (work: () => Promise<unknown>) => Promise<unknown>;
}

/** Answers the calls that arrive at `port`. Returns a function that adds other work to the queue. */
export function serveCalls<Context>(
  port: Port,
  { methods, immediate, engine, around }: ServeOptions<Context>,
): (work: () => Promise<unknown>) => void {
  const controllers = new Map<number, AbortController>();
  let queue: Promise<void> = Promise.resolve();

  const run = async (call: number, method: string, input: unknown): Promise<void> => {
    const { signal } = controllers.get(call)!;
    const moved: Transferable[] = [];
    const context: Call<Context> = {
      engine,
      signal,
      progress: progress => port.postMessage({ call, progress }, []),
      transfer: (...arrays) => moved.push(...arrays.map(({ buffer }) => buffer as ArrayBuffer)),
    };
    try {
      const work = async () => {
        signal.throwIfAborted(); // the page may have cancelled the call while it waited for its turn or for a new device
        return methods[method]!(input, context);
      };
      const result = await (immediate.has(method) ? work() : around(work));
      signal.throwIfAborted();
      port.postMessage({ call, result }, moved);
    } catch (error) {
      port.postMessage({ call, failure: failureOf(error) }, []);
    } finally {
      controllers.delete(call);
    }
  };

  port.addEventListener('message', ({ data }) => {
    const message = data as ToEngine;
    if ('cancel' in message) {
      controllers.get(message.cancel)?.abort(new DOMException('call cancelled', 'AbortError'));
      return;
    }
    const { call, method, input } = message;
    controllers.set(call, new AbortController());
    if (immediate.has(method)) void run(call, method, input);
    else queue = queue.then(() => run(call, method, input));
  });
  return work => {
    queue = queue.then(work).then(() => {});
  };
}

function failureOf(error: unknown): Failure {
  if (error instanceof Error || error instanceof DOMException) return { name: error.name, message: error.message };
  return { name: 'Error', message: String(error) };
}
