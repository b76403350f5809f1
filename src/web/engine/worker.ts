/** The engine worker's entry point: one device, one network, one queue. */
import { Engine } from './engine.ts';
import { IMMEDIATE, methods } from './methods/index.ts';
import type { FromEngine } from './protocol.ts';
import { type Port, serveCalls } from './serve_calls.ts';

const port = globalThis as unknown as Port;
const engine = new Engine(
  status => port.postMessage({ status } satisfies FromEngine, []),
  () => enqueue(() => engine.guard(async () => {}).catch(() => {})), // the status shows the error
);
const enqueue = serveCalls(port, { methods, immediate: IMMEDIATE, engine, around: work => engine.guard(work) });
