/**
 * Splits a verdict into the contributions of the features' channels to each class's logit, and computes it without some
 * channels.
 */
import { type MappedVerdict, readVerdict, recordVerdict } from '../inference/evidence.ts';
import { finite, notAllZero } from '../inference/finite.ts';
import type { Alignment } from '../kernels/upsample_bilinear.ts';
import { Head, type HeadValues } from '../nn/head.ts';
import type { RecordedPass } from './recorded_pass.ts';

export interface Ledger {
  readonly classes: readonly string[];
  /** [F], the means of the channels of layer4. */
  readonly features: Float32Array;
  /** By class, [F]: the head's weights times the features. They and the bias add up to the logit. */
  readonly contributions: Readonly<Record<string, Float64Array>>;
  /** By class. */
  readonly bias: Readonly<Record<string, number>>;
  /** By class: the sum of the contributions and the bias, in f64. */
  readonly sums: Readonly<Record<string, number>>;
}

/** @throws DeviceError  a feature is not finite, or all are 0 */
export async function ledgerOf(
  pass: RecordedPass,
  { classes, featureCount, weight, bias }: HeadValues,
): Promise<Ledger> {
  const features = notAllZero('avgpool', finite('avgpool', await pass.features.read()));
  const byClass = <Value>(value: (k: number) => Value) =>
    Object.fromEntries(classes.map((name, k) => [name, value(k)]));
  const contributions = byClass(k => Float64Array.from(features, (mean, c) => weight[k * featureCount + c]! * mean));
  return {
    classes,
    features,
    contributions,
    bias: byClass(k => bias[k]!),
    sums: byClass(k => contributions[classes[k]!]!.reduce((sum, value) => sum + value, 0) + bias[k]!),
  };
}

/**
 * Returns the verdict and the maps of a head whose weights for the channels in `off` are set to 0. The kernels are
 * those of any verdict.
 *
 * @throws DeviceError  a value is not finite, or all features are 0
 */
export async function maskedVerdict(
  { network: { device }, features, layer4 }: RecordedPass,
  head: HeadValues,
  { off = [], align = 'corners' }: { readonly off?: readonly number[]; readonly align?: Alignment } = {},
): Promise<MappedVerdict> {
  const masked = new Head(device, { ...head, weight: without(head, off) });
  try {
    return await readVerdict(head.classes, features, recordVerdict(masked, { features, layer4, align }));
  } finally {
    masked.dispose();
  }
}

/** Returns the head's weights with 0 in the columns of these channels. */
function without({ weight, featureCount, classes }: HeadValues, off: readonly number[]): Float32Array {
  const masked = weight.slice();
  for (const channel of off) for (let k = 0; k < classes.length; k++) masked[k * featureCount + channel] = 0;
  return masked;
}
