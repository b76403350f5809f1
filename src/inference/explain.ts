import type { DecodedImage } from '#platform';
import { squashTransform } from '../data/transforms.ts';
import { InputError } from '../errors/index.ts';
import { colormapOverlay } from '../kernels/colormap_overlay.ts';
import type { Alignment } from '../kernels/upsample_bilinear.ts';
import { type ClassActivationMapInputs, classActivationMaps, mapBounds } from '../nn/class_activation_map.ts';
import type { Head } from '../nn/head.ts';
import { type ColormapName, colormapTable, DEFAULT_COLORMAP } from '../report/colormap.ts';
import type { Device } from '../runtime/device.ts';
import { readTogether, type Tensor } from '../runtime/tensor.ts';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { type Verdict, verdictOf } from './predict.ts';
import { recovering } from './recovery.ts';

export interface ExplainOptions {
  /** The class whose evidence is drawn; the verdict's class by default. */
  readonly className?: string;
  /** `corners` as in scipy.ndimage.zoom(order=1), which the tutorial uses; `half-pixel` as in PyTorch's interpolate. */
  readonly align?: Alignment;
  readonly colormap?: ColormapName;
  /** Opacity of the heat map over the X-ray, 0..1. */
  readonly opacity?: number;
}

/** 8-bit RGB, interleaved, row by row. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export interface Explanation extends Verdict {
  /** The class whose evidence the maps show. */
  readonly camClass: string;
  /** [7, 7], not normalised. Its mean plus the head's bias for the class is the class's logit. */
  readonly cam: { readonly shape: readonly number[]; readonly values: Float32Array };
  /** [224, 224] */
  readonly upsampled: { readonly shape: readonly number[]; readonly values: Float32Array };
  /** The minimum and the maximum of `upsampled`, which are the ends of the colour scale. */
  readonly bounds: readonly [number, number];
  /** Whether all values are equal. The heat map then has a single colour. */
  readonly isConstant: boolean;
  /** The network's input before normalisation. */
  readonly image: RgbImage;
  readonly heatMap: RgbImage;
  readonly overlay: RgbImage;
}

/**
 * Returns the verdict on one X-ray and the class activation map of one class. The feature maps stay on the device.
 *
 * @throws InputError   the head has no such class
 * @throws DeviceError  a value is not finite, all features are 0, or the device is lost a second time
 */
export async function explainImage(
  network: Network,
  head: Head,
  image: DecodedImage,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const { className } = options;
  if (className !== undefined && !head.classes.includes(className))
    throw new InputError(`cam: unknown class "${className}". Known: ${head.classes.join(', ')}`);
  return recovering(network, () => explain(network, head.on(network.device), image, options));
}

async function explain(
  { device, backbone, model }: Network,
  head: Head,
  image: DecodedImage,
  { className, ...drawing }: ExplainOptions,
): Promise<Explanation> {
  const pass = device.scope(() => {
    const { x, pixels } = preprocessBatch(device, [image], squashTransform(backbone.preprocessing));
    const { features, logits, taps } = model.forward(x, { taps: ['layer4'] });
    const layer4 = taps.get('layer4')!;
    return { logProbabilities: head.forward(features), layer4, shown: pixels[0]!, features, logits };
  });
  const { logProbabilities, layer4, shown, features } = pass;
  const tensors = Object.values(pass).filter(tensor => tensor !== undefined);
  try {
    const verdict = verdictOf(head.classes, await logProbabilities.read());
    const camClass = className ?? verdict.class;
    const classes = [head.classes.indexOf(camClass)];
    const drawn = drawMaps(device, { layer4, headWeight: head.weight.tensor, classes, shown }, drawing);
    tensors.push(...Object.values(drawn));
    const { cam, upsampled, heatMap, overlay } = drawn;
    const values = await readTogether(drawn.bounds, features, cam, upsampled, shown, heatMap, overlay);
    const [least, greatest] = finite('cam', values[0]) as unknown as [number, number];
    notAllZero('avgpool', values[1]);
    return {
      ...verdict,
      camClass,
      cam: { shape: cam.shape.slice(1), values: finite('cam', values[2]) },
      upsampled: { shape: upsampled.shape.slice(1), values: finite('cam', values[3]) },
      bounds: [least, greatest],
      isConstant: least === greatest,
      image: rgbImage(shown, values[4]),
      heatMap: rgbImage(heatMap, values[5]),
      overlay: rgbImage(overlay, values[6]),
    };
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}

interface DrawingInputs extends ClassActivationMapInputs {
  /** [3, H, W], RGB, 0..255 */
  readonly shown: Tensor;
}

/** Records the map of one class, its bounds, the heat map and the overlay. */
function drawMaps(
  device: Device,
  { shown, ...inputs }: DrawingInputs,
  { align, colormap = DEFAULT_COLORMAP, opacity = 0.5 }: ExplainOptions,
) {
  return device.scope(() => {
    const { cam, upsampled } = classActivationMaps(device, inputs, { align });
    const bounds = mapBounds(device, upsampled);
    const table = device.tensor(Float32Array.from(colormapTable(colormap)), [256, 3], 'colormap');
    const batch = shown.view([1, ...shown.shape]);
    const overlayAt = (share: number) =>
      device.run(colormapOverlay, { image: batch, values: upsampled, bounds, table }, { opacity: share }).y;
    return { cam, upsampled, bounds, heatMap: overlayAt(1), overlay: overlayAt(opacity) };
  });
}

/** Rounds planes [1?, 3, H, W], 0..255, to bytes and interleaves them. @throws DeviceError  a value is not finite */
export function rgbImage({ shape }: Tensor, planes: Float32Array): RgbImage {
  const [height, width] = shape.slice(-2) as [number, number];
  const values = finite('picture', planes);
  const area = height * width;
  const pixels = new Uint8Array(3 * area);
  for (let p = 0; p < area; p++) for (let c = 0; c < 3; c++) pixels[3 * p + c] = Math.round(values[c * area + p]!);
  return { width, height, pixels };
}
