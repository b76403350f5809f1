import type { WorkerThread } from './types.ts';

/** Reports whether threads can share memory: the page must be served with COOP and COEP headers. */
export function canShareMemory(): boolean {
  return (
    typeof SharedArrayBuffer === 'function' && globalThis.crossOriginIsolated === true && typeof Worker === 'function'
  );
}

/** Starts a thread, as in `workers_node.ts`. If the page's policy forbids `blob:` workers, it calls `onFailure`. */
export function spawnWorker(source: string, name: string): WorkerThread {
  const program = `'use strict';
(${source})(
  () => (performance.timeOrigin + performance.now()) * 1e6,
  message => postMessage(message),
  handler => addEventListener('message', event => handler(event.data)),
);`;
  const address = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
  const worker = new Worker(address, { name });
  const forget = () => URL.revokeObjectURL(address);
  worker.addEventListener('message', forget, { once: true });
  return {
    post: message => worker.postMessage(message),
    onMessage: handler => {
      worker.addEventListener('message', event => handler(event.data));
    },
    onFailure: handler => {
      worker.addEventListener('error', event => {
        forget();
        handler(
          new Error(
            event.message || 'the page does not allow blob: workers (Content-Security-Policy: worker-src blob:)',
          ),
        );
      });
    },
    ref: () => {},
    unref: () => {},
    terminate: () => worker.terminate(),
  };
}
