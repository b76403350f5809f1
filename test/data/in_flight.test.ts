import { describe, expect, it } from 'vitest';
import { InFlight } from '../../src/data/in_flight.ts';
import { messageOf } from '../platform/helpers.ts';

/** Tasks that finish when a test says so. */
function pieces() {
  const started: number[] = [];
  const end = new Map<number, (error?: Error) => void>();
  const piece = (n: number) => () => {
    started.push(n);
    return new Promise<number>((resolve, reject) => end.set(n, error => (error ? reject(error) : resolve(n))));
  };
  return { started, end: (n: number, error?: Error) => end.get(n)!(error), piece };
}

describe('InFlight', () => {
  it('runs no more tasks than the limit, and delivers results in starting order', async () => {
    const { started, end, piece } = pieces();
    const running = new InFlight<number>(2);
    const taken: number[] = [];
    const take = async (n: number) => void taken.push(n);
    await running.begin(piece(0), take);
    await running.begin(piece(1), take);
    const third = running.begin(piece(2), take);
    end(1);
    await new Promise(resolve => setTimeout(resolve));
    expect([started, taken]).toEqual([[0, 1], []]);
    end(0);
    await third;
    expect([started, taken]).toEqual([[0, 1, 2], [0]]);
    end(2);
    await running.finish();
    expect([taken, running.isEmpty]).toEqual([[0, 1, 2], true]);
  });

  it('rethrows a task’s error, and still delivers the other results', async () => {
    const { end, piece } = pieces();
    const running = new InFlight<number>(2);
    const taken: number[] = [];
    const take = async (n: number) => void taken.push(n);
    await running.begin(piece(0), take);
    await running.begin(piece(1), take);
    end(0, new Error('lost'));
    end(1);
    expect(await messageOf(running.begin(piece(2), take))).toBe('lost');
    await running.settle();
    expect([taken, running.isEmpty]).toEqual([[1], true]);
  });
});
