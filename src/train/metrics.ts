/** Metrics of a classifier, computed from its log-probabilities. */
import { InputError } from '../errors/index.ts';
import { auroc, type RocPoint, rocCurve } from './auroc.ts';

export interface Metrics {
  readonly images: number;
  readonly classes: readonly string[];
  /** The mean negative log-likelihood, natural logarithm. */
  readonly loss: number;
  readonly accuracy: number;
  /** The class that sensitivity, specificity and AUROC call positive; every other is negative. */
  readonly positiveClass: string;
  /** The fraction of positives that were predicted as positive; null if there are no positives. */
  readonly sensitivity: number | null;
  /** The fraction of negatives that were predicted as negative; null if there are no negatives. */
  readonly specificity: number | null;
  /** Null unless there are both positives and negatives. */
  readonly auroc: number | null;
  /** DeLong's 95 % confidence interval; null without an AUROC, or if a class has a single image. */
  readonly aurocInterval: readonly [number, number] | null;
  /** [true class][predicted class] */
  readonly confusion: readonly (readonly number[])[];
  /** Thresholds are probabilities of the positive class. */
  readonly roc: readonly RocPoint[];
  /** Why a metric is missing. */
  readonly notes: readonly string[];
}

export interface Predictions {
  /** [M, K], row by row. */
  readonly logProbabilities: Float32Array;
  /** [M], class indices. */
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
  /** Default: PNEUMONIA if there is such a class, otherwise the last class. */
  readonly positiveClass?: string;
}

/** Computes the metrics. @throws InputError  there are no images, or the positive class is unknown */
export function metricsOf({ logProbabilities, labels, classes, positiveClass }: Predictions): Metrics {
  const [images, K] = [labels.length, classes.length];
  if (images === 0) throw new InputError('metrics: there are no images to evaluate');
  const positive = positiveIndex(classes, positiveClass);
  const confusion = classes.map(() => classes.map(() => 0));
  const scores = new Float64Array(images);
  const isPositive = Array.from(labels, label => label === positive);
  let loss = 0;
  for (let i = 0; i < images; i++) {
    const row = logProbabilities.subarray(i * K, (i + 1) * K);
    loss -= row[labels[i]!]!;
    confusion[labels[i]!]![indexOfMax(row)]!++;
    scores[i] = logOdds(row, positive);
  }
  const correct = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
  const positives = isPositive.filter(Boolean).length;
  const negatives = images - positives;
  const truePositives = confusion[positive]![positive]!;
  const falsePositives = confusion.reduce((sum, row, k) => (k === positive ? sum : sum + row[positive]!), 0);
  const area = auroc(scores, isPositive);
  return {
    images,
    classes,
    loss: loss / images,
    accuracy: correct / images,
    positiveClass: classes[positive]!,
    sensitivity: positives > 0 ? truePositives / positives : null,
    specificity: negatives > 0 ? (negatives - falsePositives) / negatives : null,
    auroc: area?.value ?? null,
    aurocInterval: area?.interval ?? null,
    confusion,
    roc: rocCurve(scores, isPositive).map(point => ({ ...point, threshold: probability(point.threshold) })),
    notes: notesOn(classes[positive]!, positives, negatives),
  };
}

/** Returns the index of the positive class: the named one or the default. @throws InputError  the class is unknown */
function positiveIndex(classes: readonly string[], name?: string): number {
  if (name === undefined) return classes.includes('PNEUMONIA') ? classes.indexOf('PNEUMONIA') : classes.length - 1;
  const index = classes.indexOf(name);
  if (index < 0) throw new InputError(`metrics: unknown class "${name}". Known: ${classes.join(', ')}`);
  return index;
}

/** Returns the index of the maximum; of equal values, the first, as in PyTorch. */
export function indexOfMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k]! > values[best]!) best = k;
  return best;
}

/** Returns the log-odds of a class. They rank images as probabilities do, but do not round to 1 in 32 bits. */
function logOdds(row: Float32Array, positive: number): number {
  let most = Number.NEGATIVE_INFINITY;
  row.forEach((value, k) => {
    if (k !== positive) most = Math.max(most, value);
  });
  if (most === Number.NEGATIVE_INFINITY) return row[positive]! - most;
  let sum = 0;
  row.forEach((value, k) => {
    if (k !== positive) sum += Math.exp(value - most);
  });
  return row[positive]! - most - Math.log(sum);
}

/** Converts log-odds to a probability. Infinity, the threshold of the first point, stays Infinity. */
function probability(logOdds: number): number {
  return logOdds === Number.POSITIVE_INFINITY ? logOdds : 1 / (1 + Math.exp(-logOdds));
}

function notesOn(positiveClass: string, positives: number, negatives: number): string[] {
  if (positives === 0 || negatives === 0)
    return [`auroc: ${positives === 0 ? 'no' : 'every'} image is ${positiveClass}, so the AUROC is undefined`];
  if (positives === 1 || negatives === 1)
    return [
      `auroc: only one image is ${positives === 1 ? '' : 'not '}${positiveClass}, so there is no confidence interval`,
    ];
  return [];
}
