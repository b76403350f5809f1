import { describe, expect, it } from 'vitest';
import { overall } from '../../src/bench/compare.ts';
import { comparePaired, judge, type Sampler } from '../../src/bench/paired.ts';

/** A machine on which others work: drifting speed, every third sample disturbed by up to four times its time. */
function noisyMachine(seed: number): (ms: number) => Sampler {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  let clock = 0;
  return ms => async () => {
    const drift = 1 + 0.3 * Math.sin(clock++ / 40);
    const jitter = 1 + 0.03 * (random() - 0.5);
    return ms * drift * jitter * (random() < 1 / 3 ? 1 + 3 * random() : 1);
  };
}

const verdicts = (after: number, runs = 200) =>
  Promise.all(
    Array.from({ length: runs }, async (_, seed) => {
      const machine = noisyMachine(seed + 1);
      return (await comparePaired(machine(1), machine(after), { limit: 0.05 })).verdict;
    }),
  );

describe('comparePaired', () => {
  it('finds what is 10 % slower, 200 times of 200 on a noisy machine', async () => {
    expect(new Set(await verdicts(1.1))).toEqual(new Set(['slower']));
  });

  it('passes what is unchanged, 200 times of 200', async () => {
    expect(new Set(await verdicts(1))).toEqual(new Set(['same']));
  });

  it('finds what is 10 % faster', async () => {
    const found = await verdicts(1 / 1.1, 50);
    expect(found.every(verdict => verdict === 'faster' || verdict === 'same')).toBe(true);
    expect(found.filter(verdict => verdict === 'faster').length).toBeGreaterThan(0);
  });

  it('says that it cannot tell where the ratio is the limit itself', async () => {
    const machine = noisyMachine(1);
    const result = await comparePaired(machine(1), machine(1.05), { limit: 0.05, mostPairs: 56 });
    expect(result).toMatchObject({ verdict: 'unclear', pairs: 56 });
    expect(result.ratio).toBeCloseTo(1.05, 1);
  });

  it('runs one after the other, and each first as often as the other', async () => {
    const calls: string[] = [];
    const sampler = (name: string) => async () => {
      calls.push(name);
      return 1;
    };
    const { pairs } = await comparePaired(sampler('A'), sampler('B'), { limit: 0.05 });
    expect(pairs).toBe(14);
    expect(calls.join('')).toBe('ABBA'.repeat(7));
  });

  it('stops when asked to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(
      comparePaired(
        async () => 1,
        async () => 1,
        { limit: 0.05, signal },
      ),
    ).rejects.toThrow('enough');
  });
});

describe('judge', () => {
  it('asks the whole interval, not the median', () => {
    const ratios = [...Array(6).fill(1), ...Array(8).fill(1.2)];
    expect(judge(ratios, 0.05)).toEqual({ ratio: 1.2, interval: { low: 1, high: 1.2 }, pairs: 14, verdict: 'unclear' });
  });

  it('gives a comparison the verdict of its worst row', () => {
    expect(overall([{ verdict: 'same' }, { verdict: 'slower' }, { verdict: 'unclear' }])).toBe('slower');
    expect(overall([{ verdict: 'same' }, { verdict: 'unclear' }])).toBe('unclear');
    expect(overall([{ verdict: 'faster' }, { verdict: 'same' }])).toBe('same');
  });
});
