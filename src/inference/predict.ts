import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import type { Head } from '../nn/head.ts';
import { checkLogProbabilities } from '../nn/log_probabilities.ts';
import { indexOfMax } from '../train/metrics.ts';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { readTogether } from './read_together.ts';
import { recovering } from './recovery.ts';

/** What the head says of an image. */
export interface Verdict {
  /** The likeliest. */
  readonly class: string;
  /** By class, 0..1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** By class, natural logarithm. */
  readonly logProbabilities: Readonly<Record<string, number>>;
}

/** The verdict on one X-ray. @throws DeviceError a score is not finite, all features are 0, or the device is lost a second time */
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
    // The head alone would make a verdict of nothing.
    const [row, seen] = await readTogether(logProbabilities, features);
    notAllZero('avgpool', seen);
    return verdictOf(head.classes, row);
  } finally {
    logProbabilities.dispose();
  }
}

/** From one row of log-probabilities. @throws DeviceError one is not finite, or they are no probabilities */
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
