import { describe, expect, it } from 'vitest';
import { overall } from '../../src/bench/compare.ts';
import { comparePaired, judge } from '../../src/bench/paired.ts';
import { noisyMachine } from './noisy_machine.ts';

const verdicts = (after: number, runs = 200) =>
  Promise.all(
    Array.from({ length: runs }, async (_, seed) => {
      const machine = noisyMachine(seed + 1);
      return (await comparePaired(machine(1), machine(after), { limit: 0.05 })).verdict;
    }),
  );

describe('comparePaired', () => {
  it('finds 10 % slower work in 200 of 200 runs on a noisy machine', async () => {
    expect(new Set(await verdicts(1.1))).toEqual(new Set(['slower']));
  });

  it('finds no change in unchanged work in 200 of 200 runs', async () => {
    expect(new Set(await verdicts(1))).toEqual(new Set(['same']));
  });

  it('never calls 10 % faster work slower or unclear, and finds some of it faster', async () => {
    const found = await verdicts(1 / 1.1, 50);
    expect(found.every(verdict => verdict === 'faster' || verdict === 'same')).toBe(true);
    expect(found.filter(verdict => verdict === 'faster').length).toBeGreaterThan(0);
  });

  it('calls a ratio equal to the limit unclear', async () => {
    const machine = noisyMachine(1);
    const result = await comparePaired(machine(1), machine(1.05), { limit: 0.05, mostPairs: 56 });
    expect(result).toMatchObject({ verdict: 'unclear', pairs: 56 });
    expect(result.ratio).toBeCloseTo(1.05, 1);
  });

  it('alternates which of the two runs first', async () => {
    const calls: string[] = [];
    const sampler = (name: string) => async () => {
      calls.push(name);
      return 1;
    };
    const { pairs } = await comparePaired(sampler('A'), sampler('B'), { limit: 0.05 });
    expect(pairs).toBe(14);
    expect(calls.join('')).toBe('ABBA'.repeat(7));
  });

  it('stops when its signal aborts', async () => {
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
  it('uses the whole interval, not only the median', () => {
    const ratios = [...Array(6).fill(1), ...Array(8).fill(1.2)];
    expect(judge(ratios, 0.05)).toEqual({ ratio: 1.2, interval: { low: 1, high: 1.2 }, pairs: 14, verdict: 'unclear' });
  });

  it('a comparison has the verdict of its worst row', () => {
    expect(overall([{ verdict: 'same' }, { verdict: 'slower' }, { verdict: 'unclear' }])).toBe('slower');
    expect(overall([{ verdict: 'same' }, { verdict: 'unclear' }])).toBe('unclear');
    expect(overall([{ verdict: 'faster' }, { verdict: 'same' }])).toBe('same');
  });
});
