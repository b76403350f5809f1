import { InputError } from '../errors/index.ts';
import { Head, type HeadValues } from '../nn/head.ts';
import { checkLogProbabilities } from '../nn/log_probabilities.ts';
import type { Device } from '../runtime/device.ts';
import { checkFeatureSet, type FeatureSet } from './feature_set.ts';
import { type Metrics, metricsOf } from './metrics.ts';

/** Rows that are uploaded at once: 32 MB at 2048 features. */
const ROWS_PER_BATCH = 4096;

/**
 * What the head says of feature vectors.
 *
 * features  [M, F], row by row
 * returns   [M, K], row by row
 *
 * @throws InputError   the features are no rows of F
 * @throws DeviceError  what the device gives are no probabilities
 */
export async function logProbabilitiesOf(
  device: Device,
  values: HeadValues,
  features: Float32Array,
): Promise<Float32Array> {
  const { featureCount, classes } = values;
  const rows = features.length / featureCount;
  if (!Number.isInteger(rows))
    throw new InputError(`head: ${features.length} feature values are no rows of ${featureCount}`);
  const result = new Float32Array(rows * classes.length);
  const head = new Head(device, values);
  try {
    for (let start = 0; start < rows; start += ROWS_PER_BATCH) {
      const count = Math.min(ROWS_PER_BATCH, rows - start);
      const slice = features.subarray(start * featureCount, (start + count) * featureCount);
      const y = device.scope(() => head.forward(device.tensor(slice, [count, featureCount], 'features')));
      try {
        result.set(checkLogProbabilities(await y.read(), classes.length), start * classes.length);
      } finally {
        y.dispose();
      }
    }
    return result;
  } finally {
    head.dispose();
  }
}

export interface EvaluateOptions {
  readonly set: FeatureSet;
  /** PNEUMONIA where there is such a class, else the last, unless said. */
  readonly positiveClass?: string;
}

/** Evaluates a head on features. @throws InputError  the set is empty, damaged, or of another width than the head's */
export async function evaluate(
  device: Device,
  head: HeadValues,
  { set, positiveClass }: EvaluateOptions,
): Promise<Metrics> {
  const width = checkFeatureSet('evaluate', set, head.classes);
  if (width !== head.featureCount)
    throw new InputError(`evaluate: the features have ${width} numbers each, the head expects ${head.featureCount}`);
  const logProbabilities = await logProbabilitiesOf(device, head, set.features);
  return metricsOf({ logProbabilities, labels: set.labels, classes: head.classes, positiveClass });
}
