/** A verdict taken apart: what each channel of the features adds to each class's logit, and what becomes of it without some. */
import { type EvidenceMap, evidenceMap } from '../inference/evidence_map.ts';
import { finite, notAllZero } from '../inference/finite.ts';
import { type Verdict, verdictOf } from '../inference/predict.ts';
import type { Alignment } from '../kernels/upsample_bilinear.ts';
import { classActivationMaps } from '../nn/class_activation_map.ts';
import { Head, type HeadValues } from '../nn/head.ts';
import type { RecordedPass } from './recorded_pass.ts';

export interface Ledger {
  readonly classes: readonly string[];
  /** [F], the mean of each channel of layer4. */
  readonly features: Float32Array;
  /** By class, [F]: the head's weight times the feature. With the bias they add up to the logit. */
  readonly contributions: Readonly<Record<string, Float64Array>>;
  /** By class. */
  readonly bias: Readonly<Record<string, number>>;
  /** By class: the contributions and the bias added up, in f64. */
  readonly sums: Readonly<Record<string, number>>;
}

/** What the head says when some channels count for nothing. */
export interface MaskedVerdict extends Verdict {
  /** By class, before the log-softmax. */
  readonly logits: Readonly<Record<string, number>>;
  /** By class. */
  readonly maps: Readonly<Record<string, EvidenceMap>>;
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
 * Verdict and maps of a head whose weights for the channels of `off` are 0: by the kernels that compute any verdict.
 *
 * @throws DeviceError  a score is not finite, or all features are 0
 */
export async function maskedVerdict(
  { network: { device }, features, layer4 }: RecordedPass,
  head: HeadValues,
  { off = [], align = 'corners' }: { readonly off?: readonly number[]; readonly align?: Alignment } = {},
): Promise<MaskedVerdict> {
  const masked = new Head(device, { ...head, weight: without(head, off) });
  const { classes } = head;
  const { scores, logits, maps } = device.scope(() => ({
    scores: masked.forward(features),
    logits: masked.logits(features),
    maps: classes.map((_, k) =>
      classActivationMaps(device, { layer4, headWeight: masked.weight.tensor, classes: [k] }, { align }),
    ),
  }));
  try {
    notAllZero('avgpool', await features.read());
    const verdict = verdictOf(classes, await scores.read());
    const values = finite('fc.0', await logits.read());
    const drawn: Record<string, EvidenceMap> = {};
    for (const [k, { cam, upsampled }] of maps.entries())
      drawn[classes[k]!] = evidenceMap(await cam.read(), await upsampled.read());
    return { ...verdict, logits: Object.fromEntries(classes.map((name, k) => [name, values[k]!])), maps: drawn };
  } finally {
    masked.dispose();
    for (const tensor of [scores, logits, ...maps.flatMap(({ cam, upsampled }) => [cam, upsampled])]) tensor.dispose();
  }
}

/** The head's weights, 0 in the columns of these channels. */
function without({ weight, featureCount, classes }: HeadValues, off: readonly number[]): Float32Array {
  const masked = weight.slice();
  for (const channel of off) for (let k = 0; k < classes.length; k++) masked[k * featureCount + channel] = 0;
  return masked;
}
