import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import { InputError } from '../errors/index.ts';
import { colormapOverlay } from '../kernels/colormap_overlay.ts';
import { classActivationMaps, mapBounds } from '../nn/class_activation_map.ts';
import type { Head } from '../nn/head.ts';
import { type ColormapName, colormapTable, DEFAULT_COLORMAP } from '../report/colormap.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { type Verdict, verdictOf } from './predict.ts';
import { recovering } from './recovery.ts';

export interface ExplainOptions {
  /** Whose evidence to draw; the verdict's unless said. */
  readonly className?: string;
  /** `corners` as scipy.ndimage.zoom(order=1), which the tutorial uses; `half-pixel` as PyTorch's interpolate. */
  readonly align?: 'corners' | 'half-pixel';
  readonly colormap?: ColormapName;
  /** Of the heat map over the X-ray, 0..1. */
  readonly opacity?: number;
}

/** 8-bit RGB, interleaved, row by row. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export interface Explanation extends Verdict {
  /** Whose evidence the maps show. */
  readonly camClass: string;
  /** [7, 7], not normalised; its mean and the head's bias add up to the class's logit. */
  readonly cam: { readonly shape: readonly number[]; readonly values: Float32Array };
  /** [224, 224] */
  readonly upsampled: { readonly shape: readonly number[]; readonly values: Float32Array };
  /** The least and the greatest of `upsampled`: the ends of the colour scale. */
  readonly bounds: readonly [number, number];
  /** Every value is the same: there is nothing to see, and the pictures say so. */
  readonly isConstant: boolean;
  /** What the network was shown. */
  readonly image: RgbImage;
  readonly heatMap: RgbImage;
  readonly overlay: RgbImage;
}

/** The verdict on one X-ray, and where the evidence lies. layer4 stays on the device. @throws InputError no such class */
export async function explainImage(
  network: Network,
  head: Head,
  image: DecodedImage,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const { className } = options;
  if (className !== undefined && !head.classes.includes(className))
    throw new InputError(`cam: no class is named ${className}, the head knows ${head.classes.join(', ')}`);
  return recovering(network, () => explain(network, head.on(network.device), image, options));
}

async function explain(
  { device, backbone, model }: Network,
  head: Head,
  image: DecodedImage,
  { className, align = 'corners', colormap = DEFAULT_COLORMAP, opacity = 0.5 }: ExplainOptions,
): Promise<Explanation> {
  const pass = device.scope(() => {
    const { x, pixels } = preprocessBatch(device, [image], squashTransform(backbone.preprocessing));
    const { features, logits, taps } = model.forward(x, { taps: ['layer4'] });
    return {
      logProbabilities: head.forward(features),
      layer4: taps.get('layer4')!,
      pixels: pixels[0]!,
      features,
      logits,
    };
  });
  const { logProbabilities, layer4, pixels } = pass;
  const tensors = Object.values(pass);
  try {
    const verdict = verdictOf(head.classes, await logProbabilities.read());
    const camClass = className ?? verdict.class;
    const maps = device.scope(() => {
      const inputs = { layer4, headWeight: head.weight.tensor, classes: [head.classes.indexOf(camClass)] };
      const { cam, upsampled } = classActivationMaps(device, inputs, { align });
      const bounds = mapBounds(device, upsampled);
      const table = device.tensor(Float32Array.from(colormapTable(colormap)), [256, 3], 'colormap');
      const batch = pixels.view([1, ...pixels.shape]);
      const drawn = (share: number) =>
        device.run(colormapOverlay, { image: batch, values: upsampled, bounds, table }, { opacity: share }).y;
      return { cam, upsampled, bounds, heatMap: drawn(1), overlay: drawn(opacity) };
    });
    tensors.push(...Object.values(maps));
    const [least, greatest] = finite('cam', await maps.bounds.read()) as unknown as [number, number];
    notAllZero('avgpool', await pass.features.read());
    return {
      ...verdict,
      camClass,
      cam: { shape: maps.cam.shape.slice(1), values: finite('cam', await maps.cam.read()) },
      upsampled: { shape: maps.upsampled.shape.slice(1), values: finite('cam', await maps.upsampled.read()) },
      bounds: [least, greatest],
      isConstant: least === greatest,
      image: await readRgb(device, pixels),
      heatMap: await readRgb(device, maps.heatMap),
      overlay: await readRgb(device, maps.overlay),
    };
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}

/** [1?, 3, H, W], 0..255 -> interleaved bytes */
export async function readRgb(device: Device, planes: Tensor): Promise<RgbImage> {
  const [height, width] = planes.shape.slice(-2) as [number, number];
  const values = finite('picture', await device.read(planes));
  const area = height * width;
  const pixels = new Uint8Array(3 * area);
  for (let p = 0; p < area; p++) for (let c = 0; c < 3; c++) pixels[3 * p + c] = Math.round(values[c * area + p]!);
  return { width, height, pixels };
}
