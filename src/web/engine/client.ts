/** The page's side of the engine: typed calls into the worker, and its status as a signal. */
import { signal } from '@preact/signals';
import type { Methods } from './methods/index.ts';
import type { EngineStatus, Failure, FromEngine, ToEngine } from './protocol.ts';

export type MethodName = keyof Methods;
export type InputOf<M extends MethodName> = Parameters<Methods[M]>[0];
export type OutputOf<M extends MethodName> = Awaited<ReturnType<Methods[M]>>;
export type ProgressOf<M extends MethodName> = Parameters<Parameters<Methods[M]>[1]['progress']>[0];

export interface CallOptions<M extends MethodName> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ProgressOf<M>) => void;
}

/** A failure in the engine. `message` is a sentence to show unchanged. */
class EngineError extends Error {
  constructor({ name, message }: Failure) {
    super(message);
    this.name = name;
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress?: (progress: never) => void;
}

/** The engine's state. Views show scores only while it is `ready`. */
export const engineStatus = signal<EngineStatus>({ state: 'starting' });

const pending = new Map<number, Pending>();
let worker: Worker | undefined;
let calls = 0;

/** Starts the worker, and stops a running one first. */
export function startEngine(): void {
  worker?.terminate();
  for (const { reject } of pending.values()) reject(aborted());
  pending.clear();
  engineStatus.value = { state: 'starting' };
  worker = new Worker(new URL(ENGINE_FILE, document.baseURI), { type: 'module', name: 'raycam engine' });
  worker.addEventListener('message', ({ data }) => receive(data as FromEngine));
  worker.addEventListener('error', event => {
    const message = `engine: its worker stopped (${event.message || 'the script did not load'}). Reload the page`;
    engineStatus.value = { state: 'failed', message };
    for (const { reject } of pending.values()) reject(new EngineError({ name: 'DeviceError', message }));
    pending.clear();
  });
}

/**
 * Runs a method of `engine/methods`.
 *
 * @throws EngineError  the method failed, or, as AbortError, `signal` was aborted
 */
export function call<M extends MethodName>(
  method: M,
  input: InputOf<M>,
  { signal: stop, onProgress }: CallOptions<M> = {},
): Promise<OutputOf<M>> {
  return new Promise((resolve, reject) => {
    if (stop?.aborted) return reject(aborted());
    const number = ++calls;
    const settle = () => stop?.removeEventListener('abort', cancel);
    const cancel = () => {
      pending.delete(number);
      post({ cancel: number });
      settle();
      reject(aborted());
    };
    stop?.addEventListener('abort', cancel);
    pending.set(number, {
      resolve: value => {
        settle();
        resolve(value as OutputOf<M>);
      },
      reject: error => {
        settle();
        reject(error);
      },
      onProgress,
    });
    post({ call: number, method, input });
  });
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function post(message: ToEngine): void {
  worker?.postMessage(message);
}

function receive(message: FromEngine): void {
  if ('status' in message) {
    engineStatus.value = message.status;
    return;
  }
  const waiting = pending.get(message.call);
  if (!waiting) return;
  if ('progress' in message) {
    waiting.onProgress?.(message.progress as never);
    return;
  }
  pending.delete(message.call);
  if ('failure' in message) waiting.reject(new EngineError(message.failure));
  else waiting.resolve(message.result);
}

function aborted(): Error {
  return new EngineError({ name: 'AbortError', message: 'call cancelled' });
}
