import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import { DeviceError } from '../errors.ts';
import type { Head } from '../nn/head.ts';
import { indexOfMax } from '../train/metrics.ts';
import { finite } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
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

/** The verdict on one X-ray. @throws DeviceError a score is not finite, or the device is lost a second time */
export function predictImage(network: Network, head: Head, image: DecodedImage): Promise<Verdict> {
  return recovering(network, () => predict(network, head.on(network.device), image));
}

async function predict({ device, backbone, model }: Network, head: Head, image: DecodedImage): Promise<Verdict> {
  const logProbabilities = device.scope(() => {
    const { x } = preprocessBatch(device, [image], squashTransform(backbone.preprocessing));
    return head.forward(model.infer(x).features);
  });
  try {
    return verdictOf(head.classes, await logProbabilities.read());
  } finally {
    logProbabilities.dispose();
  }
}

/** From one row of log-probabilities. @throws DeviceError one is not finite, or they are no probabilities */
export function verdictOf(classes: readonly string[], row: Float32Array): Verdict {
  const values = Array.from(finite('head', row));
  const sum = values.reduce((total, value) => total + Math.exp(value), 0);
  if (!(Math.abs(sum - 1) < 1e-3))
    throw new DeviceError(
      `head: the probabilities add up to ${sum}, expected 1, as if the head had not run. Check the adapter with \`raycam doctor\``,
    );
  const byClass = (value: (logProbability: number) => number) =>
    Object.fromEntries(classes.map((name, k) => [name, value(values[k]!)]));
  return {
    class: classes[indexOfMax(values)]!,
    probabilities: byClass(Math.exp),
    logProbabilities: byClass(value => value),
  };
}
