import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/data/random.ts';

describe('Random', () => {
  it('returns the pinned numbers of seed 0', () => {
    const random = Random.of(0);
    expect([random.uniform(), random.uniform(), random.uniform(-1, 1)]).toEqual([
      0.4739818462126233, 0.9273267979355272, -0.34446729279406885,
    ]);
    expect([...Random.of(0, 'shuffle', 1).permutation(8)]).toEqual([1, 3, 2, 4, 6, 0, 5, 7]);
    expect(Random.of(7, 'weights').normal()).toBeCloseTo(0.46602322221760684, 14);
  });

  it('has a separate stream for each label', () => {
    const firsts = [Random.of(0), Random.of(1), Random.of(0, 'a'), Random.of(0, 'b'), Random.of(0, 'a', 1)];
    expect(new Set(firsts.map(random => random.uniform())).size).toBe(firsts.length);
    expect(Random.of(0, 'a', 1).uniform()).toBe(Random.of(0, 'a', 1).uniform());
    expect(Random.of(0, 'a1').uniform()).not.toBe(Random.of(0, 'a', 1).uniform());
  });

  it('returns permutations, with every number once', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, n) => {
        expect([...Random.of(seed).permutation(n)].sort((a, b) => a - b)).toEqual(
          Array.from({ length: n }, (_, i) => i),
        );
      }),
    );
  });

  it('returns every order of three about equally often', () => {
    const random = Random.of(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('stays in its range, with the expected moments', () => {
    const random = Random.of(5);
    const uniform = Array.from({ length: 20_000 }, () => random.uniform(2, 4));
    const normal = Array.from({ length: 20_000 }, () => random.normal());
    expect(uniform.every(v => v >= 2 && v < 4)).toBe(true);
    expect(moments(uniform)).toEqual([expect.closeTo(3, 1), expect.closeTo(1 / 3, 1)]);
    expect(moments(normal)).toEqual([expect.closeTo(0, 1), expect.closeTo(1, 1)]);
    expect(Array.from({ length: 1000 }, () => random.chance(0.25)).filter(Boolean).length).toBeLessThan(320);
  });
});

function moments(values: readonly number[]): [number, number] {
  const mean = values.reduce((a, b) => a + b) / values.length;
  return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length];
}
