import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import type { Head, HeadValues } from '../nn/head.ts';
import { checkLogProbabilities } from '../nn/log_probabilities.ts';
import { readTogether } from '../runtime/tensor.ts';
import { type EvaluateOptions, evaluate } from '../train/evaluate.ts';
import { indexOfMax, type Metrics } from '../train/metrics.ts';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { recovering } from './recovery.ts';

/** A head's classification of one image. */
export interface Verdict {
  /** The most probable class. */
  readonly class: string;
  /** The probability of each class, 0 to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** The natural logarithm of the probability of each class. */
  readonly logProbabilities: Readonly<Record<string, number>>;
}

/**
 * Returns the verdict on one X-ray.
 *
 * @throws DeviceError  a score is not finite, all features are 0, or the device is lost a second time
 */
export function predictImage(network: Network, head: Head, image: DecodedImage): Promise<Verdict> {
  return recovering(network, () => predict(network, head.on(network.device), image));
}

async function predict({ device, backbone, model }: Network, head: Head, image: DecodedImage): Promise<Verdict> {
  const { features, logProbabilities } = device.scope(() => {
    const { x } = preprocessBatch(device, [image], squashTransform(backbone.preprocessing));
    const inferred = model.infer(x);
    return { features: inferred.features, logProbabilities: head.forward(inferred.features) };
  });
  try {
    // If all features were 0, the head's bias alone would still produce a plausible verdict.
    const [row, seen] = await readTogether(logProbabilities, features);
    notAllZero('avgpool', seen);
    return verdictOf(head.classes, row);
  } finally {
    logProbabilities.dispose();
  }
}

/**
 * Evaluates a head on a network's device.
 *
 * @throws InputError   the set is empty or damaged
 * @throws DeviceError  the device is lost a second time
 */
export function evaluateHead(network: Network, head: HeadValues, options: EvaluateOptions): Promise<Metrics> {
  return recovering(network, () => evaluate(network.device, head, options));
}

/**
 * Returns the verdict for one row of log-probabilities.
 *
 * @throws DeviceError  a value is not finite, or the probabilities do not sum to 1
 */
export function verdictOf(classes: readonly string[], row: Float32Array): Verdict {
  const values = checkLogProbabilities(Array.from(finite('head', row)), classes.length);
  const byClass = (value: (logProbability: number) => number) =>
    Object.fromEntries(classes.map((name, k) => [name, value(values[k]!)]));
  return {
    class: classes[indexOfMax(values)]!,
    probabilities: byClass(Math.exp),
    logProbabilities: byClass(value => value),
  };
}
