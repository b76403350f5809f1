/**
 * The area under the ROC curve, with DeLong's confidence interval.
 * Source: DeLong, DeLong, Clarke-Pearson 1988; computed with midranks: Sun, Xu 2014, doi 10.1109/LSP.2014.2337313
 */

export interface Auroc {
  /** The probability that a positive scores higher than a negative. A tie counts one half. */
  readonly value: number;
  /** 95 % interval, clipped to [0, 1]; null if a class has a single image, whose variance is undefined. */
  readonly interval: readonly [number, number] | null;
}

/** A threshold, and the rates if every score of at least this threshold counts as positive. */
export interface RocPoint {
  /** The smallest score that counts as positive; Infinity at the first point. */
  readonly threshold: number;
  readonly truePositiveRate: number;
  readonly falsePositiveRate: number;
}

/** The 0.975 quantile of the normal distribution. */
const Z95 = 1.959963984540054;

/** Returns null unless there are both positives and negatives. Exact up to f64 rounding; O(n log n). */
export function auroc(scores: ArrayLike<number>, isPositive: ArrayLike<boolean>): Auroc | null {
  const all = Array.from(scores);
  const positives = all.filter((_, i) => isPositive[i]);
  const negatives = all.filter((_, i) => !isPositive[i]);
  const [m, n] = [positives.length, negatives.length];
  if (m === 0 || n === 0) return null;

  const ranks = midranks([...positives, ...negatives]);
  const [ownPositive, ownNegative] = [midranks(positives), midranks(negatives)];
  // For each positive, the fraction of negatives below it; for each negative, the fraction of positives above it.
  const below = positives.map((_, i) => (ranks[i]! - ownPositive[i]!) / n);
  const above = negatives.map((_, j) => 1 - (ranks[m + j]! - ownNegative[j]!) / m);
  const value = mean(below);
  if (m === 1 || n === 1) return { value, interval: null };
  const half = Z95 * Math.sqrt(variance(below) / m + variance(above) / n);
  return { value, interval: [Math.max(0, value - half), Math.min(1, value + half)] };
}

/** Returns the curve from (0, 0) to (1, 1), with a point per distinct score; empty unless there are both classes. */
export function rocCurve(scores: ArrayLike<number>, isPositive: ArrayLike<boolean>): RocPoint[] {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const positives = order.filter(i => isPositive[i]).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return [];
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, truePositiveRate: 0, falsePositiveRate: 0 }];
  let [hits, alarms] = [0, 0];
  order.forEach((i, position) => {
    if (isPositive[i]) hits++;
    else alarms++;
    const next = order[position + 1];
    if (next !== undefined && scores[next] === scores[i]) return;
    points.push({ threshold: scores[i]!, truePositiveRate: hits / positives, falsePositiveRate: alarms / negatives });
  });
  return points;
}

/** Returns ranks that start at 1. Equal values share the mean of their ranks. */
function midranks(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && values[order[end]!] === values[order[first]!]) end++;
    for (let i = first; i < end; i++) ranks[order[i]!] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the sample variance, which divides by n - 1. */
function variance(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
}
