import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import type { Alignment } from '../kernels/upsample_bilinear.ts';
import { classActivationMaps } from '../nn/class_activation_map.ts';
import type { Head } from '../nn/head.ts';
import { type EvidenceMap, evidenceMap } from './evidence_map.ts';
import { type RgbImage, readRgb } from './explain.ts';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { type Verdict, verdictOf } from './predict.ts';
import { recovering } from './recovery.ts';

export interface Evidence extends Verdict {
  /** By class, before the log-softmax. */
  readonly logits: Readonly<Record<string, number>>;
  /** By class. */
  readonly maps: Readonly<Record<string, EvidenceMap>>;
  /** What the network was shown, 224 x 224. */
  readonly image: RgbImage;
}

/**
 * The verdict on one X-ray and every class's map, from one forward pass.
 *
 * @throws DeviceError  a value is not finite, or the device is lost a second time
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
  const pass = device.scope(() => {
    const { x, pixels } = preprocessBatch(device, [image], squashTransform(backbone.preprocessing));
    const { features, taps, logits } = model.forward(x, { taps: ['layer4'] });
    const layer4 = taps.get('layer4')!;
    const maps = head.classes.map((_, k) =>
      classActivationMaps(device, { layer4, headWeight: head.weight.tensor, classes: [k] }, { align }),
    );
    layer4.dispose();
    logits.dispose();
    return {
      features,
      headLogits: head.logits(features),
      logProbabilities: head.forward(features),
      pixels: pixels[0]!,
      cams: maps.map(({ cam }) => cam),
      upsampled: maps.map(({ upsampled }) => upsampled),
    };
  });
  const { features, headLogits, logProbabilities, pixels, cams, upsampled } = pass;
  try {
    notAllZero('avgpool', finite('avgpool', await features.read()));
    const verdict = verdictOf(head.classes, await logProbabilities.read());
    const logits = finite('fc.0', await headLogits.read());
    const maps: Record<string, EvidenceMap> = {};
    for (const [k, name] of head.classes.entries())
      maps[name] = evidenceMap(await cams[k]!.read(), await upsampled[k]!.read());
    return {
      ...verdict,
      logits: Object.fromEntries(head.classes.map((name, k) => [name, logits[k]!])),
      maps,
      image: await readRgb(device, pixels),
    };
  } finally {
    for (const tensor of [features, headLogits, logProbabilities, pixels, ...cams, ...upsampled]) tensor.dispose();
  }
}
