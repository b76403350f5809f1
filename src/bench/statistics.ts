/** Robust statistics of timings: a few slow samples must not move them. */

export interface Summary {
  readonly samples: number;
  readonly median: number;
  readonly p5: number;
  readonly p95: number;
  /** Median of the absolute deviations from the median: half of the samples lie no further away. */
  readonly mad: number;
  readonly min: number;
  readonly max: number;
}

/** Above this share of the median, the deviation makes differences of a few percent invisible. */
export const NOISE_LIMIT = 0.05;

/** @throws RangeError  there is no sample */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const median = quantileOfSorted(sorted, 0.5);
  return {
    samples: sorted.length,
    median,
    p5: quantileOfSorted(sorted, 0.05),
    p95: quantileOfSorted(sorted, 0.95),
    mad: quantile(
      sorted.map(sample => Math.abs(sample - median)),
      0.5,
    ),
    min: sorted[0]!,
    max: sorted.at(-1)!,
  };
}

/** Whether the deviation is so large that the median says little. */
export function isNoisy({ median, mad }: Summary): boolean {
  return mad > NOISE_LIMIT * median;
}

export function medianOf(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/**
 * The value below which the share `q` of the samples lies, on the line between the two nearest.
 * The definition of NumPy's and R's default. @throws RangeError  there is no sample
 */
export function quantile(samples: readonly number[], q: number): number {
  return quantileOfSorted(
    [...samples].sort((a, b) => a - b),
    q,
  );
}

function quantileOfSorted(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) throw new RangeError('statistics: no sample to take a quantile of');
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * An interval that holds the median of what the samples are drawn from with at least the given confidence, whatever its
 * distribution: two order statistics, by the binomial distribution of how many samples lie below the median. Unbounded
 * where there are too few samples.
 */
export function medianInterval(samples: readonly number[], confidence = 0.99): Interval {
  const sorted = [...samples].sort((a, b) => a - b);
  const n = sorted.length;
  let outside = 0; // probability that the median lies below the k-th smallest, or above the k-th largest
  let term = 0.5 ** n; // of exactly k samples below the median
  let k = 0;
  for (; k < n / 2; k++) {
    if (outside + 2 * term > 1 - confidence) break;
    outside += 2 * term;
    term *= (n - k) / (k + 1);
  }
  if (k === 0) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return { low: sorted[k - 1]!, high: sorted[n - k]! };
}
