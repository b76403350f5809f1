import { Worker } from 'node:worker_threads';
import type { WorkerThread } from './types.ts';

/** Whether threads can share memory here. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer === 'function';
}

/**
 * A thread that runs `source`, the text of a function `(now, post, listen)`: nanoseconds counted from one moment on all threads,
 * sending a message, and receiving them.
 */
export function spawnWorker(source: string, name: string): WorkerThread {
  const program = `'use strict';
const { parentPort } = require('node:worker_threads');
(${source})(
  () => Number(process.hrtime.bigint()),
  message => parentPort.postMessage(message),
  handler => parentPort.on('message', handler),
);`;
  // The process's own flags, such as those of a test runner, are not for this program.
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
