import { describe, expect, it } from 'vitest';
import type { FromEngine, ToEngine } from '../../src/web/engine/protocol.ts';
import { type AnyMethod, type Call, serveCalls } from '../../src/web/engine/serve_calls.ts';

type Input = { readonly name: string; readonly waitFor?: Promise<void> };

/** Serves an engine whose methods log when they begin and end, without a worker. */
function open(around: (work: () => Promise<unknown>) => Promise<unknown> = work => work()) {
  const log: string[] = [];
  const answers: FromEngine[] = [];
  const moved: Transferable[][] = [];
  let listener: (event: MessageEvent) => void = () => {};
  const port = {
    postMessage: (message: FromEngine, transfer: Transferable[]) => {
      answers.push(message);
      moved.push(transfer);
    },
    addEventListener: (_: 'message', handler: (event: MessageEvent) => void) => {
      listener = handler;
    },
  };
  const work: AnyMethod<string> = async ({ name, waitFor }: Input, { engine, signal, progress }: Call<string>) => {
    log.push(`${name} begins on ${engine}`);
    progress(`${name} half`);
    await waitFor;
    signal.throwIfAborted();
    log.push(`${name} ends`);
    return name;
  };
  const methods = {
    slow: work,
    quick: work,
    broken: async () => {
      throw new RangeError('it broke');
    },
    numbers: async (_: object, { transfer }: Call<string>) => {
      const values = new Float32Array(3);
      transfer(values);
      return values;
    },
  };
  const enqueue = serveCalls(port, { methods, immediate: new Set(['quick']), engine: 'X', around });
  const send = (message: ToEngine) => listener({ data: message } as MessageEvent);
  return { log, answers, moved, send, enqueue };
}

const settled = () => new Promise(resolve => setTimeout(resolve, 5));

function gate(): { readonly opened: Promise<void>; open(): void } {
  let release = () => {};
  const opened = new Promise<void>(resolve => {
    release = resolve;
  });
  return { opened, open: () => release() };
}

describe('serveCalls', () => {
  it('runs calls one at a time, and immediate calls meanwhile', async () => {
    const { log, answers, send } = open();
    const first = gate();
    send({ call: 1, method: 'slow', input: { name: 'a', waitFor: first.opened } });
    send({ call: 2, method: 'slow', input: { name: 'b' } });
    send({ call: 3, method: 'quick', input: { name: 'c' } });
    await settled();
    expect(log).toEqual(['c begins on X', 'a begins on X', 'c ends']);
    first.open();
    await settled();
    expect(log.slice(3)).toEqual(['a ends', 'b begins on X', 'b ends']);
    expect(answers.filter(answer => 'result' in answer)).toEqual([
      { call: 3, result: 'c' },
      { call: 1, result: 'a' },
      { call: 2, result: 'b' },
    ]);
    expect(answers).toContainEqual({ call: 2, progress: 'b half' });
  });

  it('never begins a cancelled call, and aborts one that runs', async () => {
    const { log, answers, send } = open();
    const first = gate();
    send({ call: 1, method: 'slow', input: { name: 'a', waitFor: first.opened } });
    send({ call: 2, method: 'slow', input: { name: 'b' } });
    await settled();
    send({ cancel: 2 });
    send({ cancel: 1 });
    send({ cancel: 99 });
    first.open();
    await settled();
    expect(log).toEqual(['a begins on X']);
    expect(answers.filter(answer => 'failure' in answer)).toMatchObject([
      { call: 1, failure: { name: 'AbortError' } },
      { call: 2, failure: { name: 'AbortError' } },
    ]);
  });

  it('sends a failure as name and message, and continues', async () => {
    const { answers, send } = open();
    send({ call: 1, method: 'broken', input: {} });
    send({ call: 2, method: 'slow', input: { name: 'a' } });
    await settled();
    expect(answers[0]).toEqual({ call: 1, failure: { name: 'RangeError', message: 'it broke' } });
    expect(answers.at(-1)).toEqual({ call: 2, result: 'a' });
  });

  it('transfers the buffers that a method names', async () => {
    const { answers, moved, send } = open();
    send({ call: 1, method: 'numbers', input: {} });
    await settled();
    const { result } = answers[0] as { result: Float32Array };
    expect(moved[0]).toEqual([result.buffer]);
  });

  it('wraps queued calls, and accepts other work in the queue', async () => {
    const wrapped: string[] = [];
    const { log, send, enqueue } = open(work => {
      wrapped.push('around');
      return work();
    });
    send({ call: 1, method: 'quick', input: { name: 'c' } });
    send({ call: 2, method: 'slow', input: { name: 'a' } });
    enqueue(async () => {
      log.push('other');
    });
    send({ call: 3, method: 'slow', input: { name: 'b' } });
    await settled();
    expect(wrapped.length).toBe(2);
    expect(log.indexOf('other')).toBeGreaterThan(log.indexOf('a ends'));
    expect(log.indexOf('other')).toBeLessThan(log.indexOf('b begins on X'));
  });
});
