import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import type { Alignment } from '../kernels/upsample_bilinear.ts';
import { type ClassActivationMaps, classActivationMaps } from '../nn/class_activation_map.ts';
import type { Head } from '../nn/head.ts';
import { readTogether, type Tensor } from '../runtime/tensor.ts';
import { type EvidenceMap, evidenceMap } from './evidence_map.ts';
import { type RgbImage, rgbImage } from './explain.ts';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { type Verdict, verdictOf } from './predict.ts';
import { recovering } from './recovery.ts';

/** A verdict with the class activation map of every class. */
export interface MappedVerdict extends Verdict {
  /** By class: the head's outputs before the log-softmax. */
  readonly logits: Readonly<Record<string, number>>;
  /** By class. */
  readonly maps: Readonly<Record<string, EvidenceMap>>;
}

export interface Evidence extends MappedVerdict {
  /** The network's input before normalisation, 224 x 224. */
  readonly image: RgbImage;
}

/**
 * Returns the verdict on one X-ray and the class activation maps of all classes, from one forward pass.
 *
 * @throws DeviceError  a value is not finite, all features are 0, or the device is lost a second time
 */
export function evidenceOf(
  network: Network,
  head: Head,
  image: DecodedImage,
  { align = 'corners' }: { readonly align?: Alignment } = {},
): Promise<Evidence> {
  return recovering(network, () => evidence(network, head.on(network.device), image, align));
}

async function evidence(
  { device, backbone, model }: Network,
  head: Head,
  image: DecodedImage,
  align: Alignment,
): Promise<Evidence> {
  const { features, shown, recorded } = device.scope(() => {
    const { x, pixels } = preprocessBatch(device, [image], squashTransform(backbone.preprocessing));
    const { features, taps, logits } = model.forward(x, { taps: ['layer4'] });
    const layer4 = taps.get('layer4')!;
    const recorded = recordVerdict(head, { features, layer4, align });
    layer4.dispose();
    logits?.dispose();
    return { features, shown: pixels[0]!, recorded };
  });
  try {
    const verdict = await readVerdict(head.classes, features, recorded);
    return { ...verdict, image: rgbImage(shown, await shown.read()) };
  } finally {
    features.dispose();
    shown.dispose();
  }
}

interface HeadInputs {
  /** [1, F] */
  readonly features: Tensor;
  /** [1, F, H, W] */
  readonly layer4: Tensor;
  readonly align: Alignment;
}

/** The tensors of a verdict and of the maps of all classes, still on the device. */
export interface RecordedVerdict {
  readonly logProbabilities: Tensor;
  readonly logits: Tensor;
  readonly maps: readonly ClassActivationMaps[];
}

/** Records the operations for a head's verdict on one image and the maps of all classes. */
export function recordVerdict(head: Head, { features, layer4, align }: HeadInputs): RecordedVerdict {
  const { device } = features;
  const headWeight = head.weight.tensor;
  return device.scope(() => ({
    maps: head.classes.map((_, k) => classActivationMaps(device, { layer4, headWeight, classes: [k] }, { align })),
    logits: head.logits(features),
    logProbabilities: head.forward(features),
  }));
}

/**
 * Reads a recorded verdict and disposes of its tensors.
 *
 * @throws DeviceError  a value is not finite, or all features are 0
 */
export async function readVerdict(
  classes: readonly string[],
  features: Tensor,
  { logProbabilities, logits, maps }: RecordedVerdict,
): Promise<MappedVerdict> {
  const planes = maps.flatMap(({ cam, upsampled }) => [cam, upsampled]);
  try {
    const [seen, row, sums, ...read] = await readTogether(features, logProbabilities, logits, ...planes);
    notAllZero('avgpool', finite('avgpool', seen));
    const verdict = verdictOf(classes, row);
    finite('fc.0', sums);
    return {
      ...verdict,
      logits: Object.fromEntries(classes.map((name, k) => [name, sums[k]!])),
      maps: Object.fromEntries(classes.map((name, k) => [name, evidenceMap(read[2 * k]!, read[2 * k + 1]!)])),
    };
  } finally {
    for (const tensor of [logProbabilities, logits, ...planes]) tensor.dispose();
  }
}
