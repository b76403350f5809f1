import { describe, expect, it } from 'vitest';
import { isNoisy, medianInterval, medianOf, quantile, summarize } from '../../src/bench/statistics.ts';

describe('summarize', () => {
  it('returns the results of NumPy for 1 … 21', () => {
    const samples = Array.from({ length: 21 }, (_, i) => 21 - i);
    expect(summarize(samples)).toEqual({ samples: 21, median: 11, p5: 2, p95: 20, mad: 5, min: 1, max: 21 });
  });

  it('averages the two middle values of an even number, and interpolates quantiles', () => {
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([10, 20], 0.95)).toBeCloseTo(19.5, 12);
  });

  it('is not moved if a tenth of the samples are outliers', () => {
    const samples = [...Array(18).fill(1), 1000, 1e6];
    expect(summarize(samples)).toMatchObject({ median: 1, mad: 0, max: 1e6 });
  });

  it('summarises one sample as that sample', () => {
    expect(summarize([7])).toEqual({ samples: 1, median: 7, p5: 7, p95: 7, mad: 0, min: 7, max: 7 });
  });

  it('rejects an empty list', () => {
    expect(() => summarize([])).toThrow(new RangeError('statistics: a quantile needs at least one sample'));
  });

  it('calls samples noisy if half of them differ by more than 5 % from the median', () => {
    expect(isNoisy(summarize([100, 94, 106, 93, 107]))).toBe(true);
    expect(isNoisy(summarize([100, 95, 105, 96, 104]))).toBe(false);
  });
});

describe('medianInterval', () => {
  const counting = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  // Tables of the binomial distribution: P(B <= 1) of 10 is 0.0107, P(B <= 3) of 20 is 0.0013, P(B <= 4) of 20 is
  // 0.0059.
  it('returns the order statistics that follow from the binomial distribution', () => {
    expect(medianInterval(counting(10), 0.95)).toEqual({ low: 2, high: 9 });
    expect(medianInterval(counting(20), 0.99)).toEqual({ low: 4, high: 17 });
    expect(medianInterval(counting(20), 0.95)).toEqual({ low: 6, high: 15 });
  });

  it('has no bounds for too few samples', () => {
    expect(medianInterval([1, 2, 3], 0.99)).toEqual({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
  });

  it('does not depend on the order of the samples', () => {
    expect(medianInterval([3, 1, 2, 9, 8, 7, 6, 5, 4, 10], 0.95)).toEqual({ low: 2, high: 9 });
  });
});
