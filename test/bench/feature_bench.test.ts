import { expect, it } from 'vitest';
import { summaryOf } from '../../src/bench/feature_bench.ts';

it('compares the rates of features with those of the kernels beside them', () => {
  const round = (images: number, featuresMs: number, kernelsMs: number) => ({
    images,
    forwards: Math.ceil(images / 4),
    featuresMs,
    kernelsMs,
  });
  // 8, 8 and 6 images per second, against 10, 16 and 8 images of the kernels alone: full batches of 4.
  const rounds = [round(8, 1000, 800), round(8, 1000, 500), round(6, 1000, 1000)];
  const { imagesPerSecond, kernelsPerSecond, ratio, interval, lastToFirst } = summaryOf(rounds, 4);
  expect([imagesPerSecond, kernelsPerSecond]).toEqual([8, 10]);
  expect(ratio).toBeCloseTo(0.75, 12);
  expect(lastToFirst).toBeCloseTo(0.75 / 0.8, 12);
  expect(interval).toEqual({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }); // three rounds are too few
});
