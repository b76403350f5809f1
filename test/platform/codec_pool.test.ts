import { afterEach, expect, it, vi } from 'vitest';
import { CODEC_TIMEOUT_MS, CodecPool } from '../../src/platform/codec_pool.ts';
import type { WorkerThread } from '../../src/platform/types.ts';

afterEach(() => vi.useRealTimers());

const FRAME = { width: 1, height: 1, channels: 1, bits: 8, values: new Uint8Array(1), isPlanar: false };

/** A thread that does what the test says. */
class FakeThread implements WorkerThread {
  readonly posted: unknown[] = [];
  isEnded = false;
  private readonly handlers: ((message: unknown) => void)[] = [];
  private readonly failures: ((error: Error) => void)[] = [];
  post(message: unknown): void {
    this.posted.push(message);
  }
  onMessage(handler: (message: unknown) => void): void {
    this.handlers.push(handler);
  }
  onFailure(handler: (error: Error) => void): void {
    this.failures.push(handler);
  }
  ref(): void {}
  unref(): void {}
  terminate(): void {
    this.isEnded = true;
  }
  answer(message: object): void {
    for (const handler of this.handlers) handler({ id: 0, ...message });
  }
  crash(): void {
    for (const handler of this.failures) handler(new Error('out of memory'));
  }
}

function openPool(most: number) {
  const threads: FakeThread[] = [];
  const pool = new CodecPool(() => {
    threads.push(new FakeThread());
    return threads.at(-1)!;
  }, most);
  return { pool, threads };
}

it('starts threads up to its limit, and lets the other frames wait', async () => {
  const { pool, threads } = openPool(2);
  const results = [1, 2, 3].map(byte => pool.run('jpeg2000', Uint8Array.of(byte)));
  expect(threads.map(({ posted }) => posted.length)).toEqual([1, 1]);
  threads[0]!.answer({ frame: FRAME });
  expect(threads.map(({ posted }) => posted.length)).toEqual([2, 1]);
  threads[0]!.answer({ frame: FRAME });
  threads[1]!.answer({ frame: FRAME });
  expect(await Promise.all(results)).toEqual([FRAME, FRAME, FRAME]);
  expect(threads.length).toBe(2);
});

it('rejects a frame with the problem that the thread reports, and keeps the thread', async () => {
  const { pool, threads } = openPool(1);
  const result = pool.run('jpegLs', new Uint8Array(1));
  threads[0]!.answer({ problem: 'its compressed pixels cannot be decoded' });
  await expect(result).rejects.toThrow('its compressed pixels cannot be decoded');
  expect(threads[0]!.isEnded).toBe(false);
});

it('rejects only the frame whose thread crashes, and starts another thread for the next', async () => {
  const { pool, threads } = openPool(1);
  const [lost, next] = [pool.run('jpegLs', new Uint8Array(1)), pool.run('jpegLs', new Uint8Array(2))];
  threads[0]!.crash();
  await expect(lost).rejects.toThrow('its decoder crashed');
  expect([threads.length, threads[0]!.isEnded]).toEqual([2, true]);
  threads[1]!.answer({ frame: FRAME });
  expect(await next).toEqual(FRAME);
});

it('ends a thread that does not answer for a minute', async () => {
  vi.useFakeTimers();
  const { pool, threads } = openPool(1);
  const [lost, next] = [pool.run('jpegLs', new Uint8Array(1)), pool.run('jpegLs', new Uint8Array(2))];
  const rejection = expect(lost).rejects.toThrow('decoding its pixels took more than a minute');
  vi.advanceTimersByTime(CODEC_TIMEOUT_MS);
  await rejection;
  expect(threads[0]!.isEnded).toBe(true);
  threads[1]!.answer({ frame: FRAME });
  expect(await next).toEqual(FRAME);
});
