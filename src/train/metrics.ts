/** What is said of a classifier, from its log-probabilities. */
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
  /** The share of positives that were predicted as such; null without any. */
  readonly sensitivity: number | null;
  /** The share of negatives that were predicted as such; null without any. */
  readonly specificity: number | null;
  /** Null unless there are both positives and negatives. */
  readonly auroc: number | null;
  /** DeLong, 95 %. */
  readonly aurocInterval: readonly [number, number] | null;
  /** [true class][predicted class] */
  readonly confusion: readonly (readonly number[])[];
  /** Thresholds are probabilities of the positive class. */
  readonly roc: readonly RocPoint[];
  /** Why a figure is missing, or says less than it seems to. */
  readonly notes: readonly string[];
}

export interface Predictions {
  /** [M, K], row by row. */
  readonly logProbabilities: Float32Array;
  /** [M], class numbers. */
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
  /** PNEUMONIA where there is such a class, else the last, unless said. */
  readonly positiveClass?: string;
}

/** @throws InputError  there are no images, or no class of that name */
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

/** @throws InputError  no class of that name */
export function positiveIndex(classes: readonly string[], name?: string): number {
  if (name === undefined) return classes.includes('PNEUMONIA') ? classes.indexOf('PNEUMONIA') : classes.length - 1;
  const index = classes.indexOf(name);
  if (index < 0) throw new InputError(`metrics: no class is named ${name}, the classes are ${classes.join(', ')}`);
  return index;
}

/** The first of the greatest, as in PyTorch. */
export function indexOfMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k]! > values[best]!) best = k;
  return best;
}

/** Ranks as the probability does, and still tells apart what a 32-bit probability rounds to 1. */
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

/** Above 1 for the first point, where nothing counts as positive. */
function probability(logOdds: number): number {
  return logOdds === Number.POSITIVE_INFINITY ? logOdds : 1 / (1 + Math.exp(-logOdds));
}

function notesOn(positiveClass: string, positives: number, negatives: number): string[] {
  if (positives === 0 || negatives === 0)
    return [`auroc: no image is ${positives === 0 ? '' : 'not '}${positiveClass}, so there is nothing to tell apart`];
  if (positives === 1 || negatives === 1)
    return [`auroc: one image alone is ${positives === 1 ? '' : 'not '}${positiveClass}, so no interval can be given`];
  return [];
}
