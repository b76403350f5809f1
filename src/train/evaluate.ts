import { InputError } from '../errors/index.ts';
import { Head, type HeadValues } from '../nn/head.ts';
import { checkLogProbabilities } from '../nn/log_probabilities.ts';
import type { Device } from '../runtime/device.ts';
import { checkFeatureSet, type FeatureSet } from './feature_set.ts';
import { type Metrics, metricsOf } from './metrics.ts';

/** Rows per upload: 32 MB at 2048 features. */
const ROWS_PER_BATCH = 4096;

/**
 * Computes a head's log-probabilities for feature vectors.
 *
 * features  [M, F], row by row
 * returns   [M, K], row by row
 *
 * @throws InputError   the number of values is not a multiple of F
 * @throws DeviceError  the device's results are not log-probabilities
 */
async function logProbabilitiesOf(device: Device, values: HeadValues, features: Float32Array): Promise<Float32Array> {
  const { featureCount, classes } = values;
  const rows = features.length / featureCount;
  if (!Number.isInteger(rows))
    throw new InputError(`head: ${features.length} feature values cannot be divided into rows of ${featureCount}`);
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
  /** Default: PNEUMONIA if there is such a class, otherwise the last class. */
  readonly positiveClass?: string;
}

/**
 * Evaluates a head on features.
 *
 * @throws InputError  the set is empty or damaged, or its rows do not have the head's length
 */
export async function evaluate(
  device: Device,
  head: HeadValues,
  { set, positiveClass }: EvaluateOptions,
): Promise<Metrics> {
  const width = checkFeatureSet('evaluate', set, head.classes);
  if (width !== head.featureCount)
    throw new InputError(`evaluate: each row has ${width} features but the head expects ${head.featureCount}`);
  const logProbabilities = await logProbabilitiesOf(device, head, set.features);
  return metricsOf({ logProbabilities, labels: set.labels, classes: head.classes, positiveClass });
}
