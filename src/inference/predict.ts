import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import type { Head } from '../nn/head.ts';
import { indexOfMax } from '../train/metrics.ts';
import { finite } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';

/** What the head says of an image. */
export interface Verdict {
  /** The likeliest. */
  readonly class: string;
  /** By class, 0..1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** By class, natural logarithm. */
  readonly logProbabilities: Readonly<Record<string, number>>;
}

/** The verdict on one X-ray. @throws DeviceError a score is not finite */
export async function predictImage(
  { device, backbone, model }: Network,
  head: Head,
  image: DecodedImage,
): Promise<Verdict> {
  const { logProbabilities, features, logits } = device.scope(() => {
    const forward = model.forward(preprocessBatch(device, [image], squashTransform(backbone.preprocessing)).x);
    return { ...forward, logProbabilities: head.forward(forward.features) };
  });
  try {
    return verdictOf(head.classes, await logProbabilities.read());
  } finally {
    for (const tensor of [logProbabilities, features, logits]) tensor.dispose();
  }
}

/** From one row of log-probabilities. @throws DeviceError one is not finite */
export function verdictOf(classes: readonly string[], row: Float32Array): Verdict {
  const values = Array.from(finite('head', row));
  const byClass = (value: (logProbability: number) => number) =>
    Object.fromEntries(classes.map((name, k) => [name, value(values[k]!)]));
  return {
    class: classes[indexOfMax(values)]!,
    probabilities: byClass(Math.exp),
    logProbabilities: byClass(value => value),
  };
}
