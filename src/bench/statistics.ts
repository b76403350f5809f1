/** Robust statistics of timings, which a few slow samples do not move. */

export interface Summary {
  readonly samples: number;
  readonly median: number;
  readonly p5: number;
  readonly p95: number;
  /** Median of the absolute deviations from the median: half of the samples are at most this far away. */
  readonly mad: number;
  readonly min: number;
  readonly max: number;
}

/** Above this ratio of deviation to median, differences of a few percent are invisible. */
const NOISE_LIMIT = 0.05;

/** Summarises samples. @throws RangeError  there are none */
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

/** Returns whether the deviation is so large that the median says little. */
export function isNoisy({ median, mad }: Summary): boolean {
  return mad > NOISE_LIMIT * median;
}

/** @throws RangeError  `samples` is empty */
export function medianOf(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/**
 * Returns the value below which the fraction `q` of the samples lies, interpolated between the two nearest samples as
 * NumPy and R do by default.
 *
 * @throws RangeError  `samples` is empty
 */
export function quantile(samples: readonly number[], q: number): number {
  return quantileOfSorted(
    [...samples].sort((a, b) => a - b),
    q,
  );
}

function quantileOfSorted(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) throw new RangeError('statistics: a quantile needs at least one sample');
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
 * Returns an interval that contains the median of the samples' distribution, whatever that is, with at least the given
 * confidence. Its ends are two order statistics: the number of samples below the median is binomially distributed.
 * Unbounded if there are too few samples.
 */
export function medianInterval(samples: readonly number[], confidence = 0.99): Interval {
  const sorted = [...samples].sort((a, b) => a - b);
  const n = sorted.length;
  let outside = 0; // probability that the median is below the k-th smallest or above the k-th largest sample
  let term = 0.5 ** n; // probability of exactly k samples below the median
  let k = 0;
  for (; k < n / 2; k++) {
    if (outside + 2 * term > 1 - confidence) break;
    outside += 2 * term;
    term *= (n - k) / (k + 1);
  }
  if (k === 0) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return { low: sorted[k - 1]!, high: sorted[n - k]! };
}
