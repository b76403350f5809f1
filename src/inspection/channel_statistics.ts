/** Statistics of activations, per channel and in total, computed in f64. */
import { ShapeError } from '../errors/index.ts';
import type { Activations } from '../inference/activations.ts';

export interface ChannelStatistics {
  /** [C] each. */
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** Fraction of the values that are exactly 0. */
  readonly zeros: Float64Array;
}

export interface Summary {
  readonly mean: number;
  /** Standard deviation of the population. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** Fraction of the values that are exactly 0. */
  readonly zeros: number;
}

export interface Histogram {
  readonly min: number;
  readonly max: number;
  /** Counts in bins of equal width. The last bin includes `max`. */
  readonly counts: readonly number[];
}

/** @throws ShapeError  the values cannot be split into the shape's channels */
export function channelStatistics({ shape, values }: Activations): ChannelStatistics {
  const channels = shape[0]!;
  const area = values.length / channels;
  if (!Number.isInteger(area))
    throw new ShapeError(`statistics: ${values.length} values cannot be split into ${channels} channels`);
  const empty = () => new Float64Array(channels);
  const statistics = { mean: empty(), min: empty(), max: empty(), zeros: empty() };
  for (let c = 0; c < channels; c++) {
    const { mean, min, max, zeros } = summaryOf(values.subarray(c * area, (c + 1) * area));
    statistics.mean[c] = mean;
    statistics.min[c] = min;
    statistics.max[c] = max;
    statistics.zeros[c] = zeros;
  }
  return statistics;
}

export function summaryOf(values: Float32Array): Summary {
  let [sum, squares, zeros] = [0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    sum += value;
    if (value === 0) zeros++;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, std: Math.sqrt(squares / values.length), min, max, zeros: zeros / values.length };
}

export function histogramOf(values: Float32Array, bins = 64): Histogram {
  const { min, max } = summaryOf(values);
  const counts = Array.from({ length: bins }, () => 0);
  const width = (max - min) / bins;
  for (const value of values) counts[width > 0 ? Math.min(bins - 1, Math.floor((value - min) / width)) : 0]!++;
  return { min, max, counts };
}
