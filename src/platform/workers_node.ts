import { Worker } from 'node:worker_threads';
import type { WorkerThread } from './types.ts';

/** Reports whether threads can share memory. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer === 'function';
}

/**
 * Starts a thread that runs `source`, the text of a function `(now, post, listen)`. `now` returns nanoseconds on a
 * clock that all threads share, `post` sends a message, and `listen` registers a handler for messages.
 */
export function spawnWorker(source: string, name: string): WorkerThread {
  const program = `'use strict';
const { parentPort } = require('node:worker_threads');
(${source})(
  () => Number(process.hrtime.bigint()),
  message => parentPort.postMessage(message),
  handler => parentPort.on('message', handler),
);`;
  // This program must not inherit the process's own flags, such as those of a test runner.
  const worker = new Worker(program, { eval: true, name, execArgv: [] });
  return {
    post: message => worker.postMessage(message),
    onMessage: handler => {
      worker.on('message', handler);
    },
    onFailure: handler => {
      worker.on('error', handler);
    },
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    terminate: () => {
      worker.terminate();
    },
  };
}
