/** Converts pixels to a network's input on the device. Matches torchvision's transforms on PIL images. */
import { InputError, UnusableImage } from '../errors/index.ts';
import { crop } from '../kernels/crop.ts';
import { type NormalizeOptions, normalize } from '../kernels/normalize.ts';
import { longestResizable, resize } from '../kernels/resize.ts';
import { unpackRgb } from '../kernels/unpack_rgb.ts';
import type { DecodedImage } from '../platform/types.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Preprocessing } from '../weights/preprocessing.ts';
import { type AugmentationParameters, augment, roundHalfEven } from './augmentation.ts';

export { type AugmentationParameters, augment, randomAugmentation } from './augmentation.ts';

/**
 * How to resize: either scale the shorter side to `shorterSide` and crop the centre square, or scale to `height` and
 * `width` and ignore the aspect ratio. In pixels.
 */
export type ResizeSpec =
  | { readonly shorterSide: number; readonly crop: number }
  | { readonly height: number; readonly width: number };

export interface TransformSpec extends NormalizeOptions {
  readonly resize: ResizeSpec;
}

export interface PreprocessOptions {
  /** Where to write, for example one image's view of a batch. A new tensor by default. */
  readonly output?: Tensor;
  /** Applied to the resized pixels. */
  readonly augmentation?: AugmentationParameters;
}

/** Returns the weights' own evaluation transform: Resize, CenterCrop, ToTensor, Normalize. */
export function evaluationTransform({ resize: shorterSide, crop, ...rest }: Preprocessing): TransformSpec {
  return { ...normalization(rest), resize: { shorterSide, crop } };
}

/**
 * Returns the tutorial's transform: Resize((side, side)), which ignores the aspect ratio, ToTensor, and the weights'
 * Normalize.
 */
export function squashTransform(preprocessing: Omit<Preprocessing, 'resize' | 'crop'>, side = 224): TransformSpec {
  return { ...normalization(preprocessing), resize: { height: side, width: side } };
}

/**
 * Converts an image to a network's input. Records the dispatches; the next submit runs them.
 *
 * returns  [1, 3, H, W]
 *
 * @throws InputError  the image is smaller than the crop, or its number of pixels is not width x height
 */
export function preprocess(
  device: Device,
  image: DecodedImage,
  spec: TransformSpec,
  options: PreprocessOptions = {},
): Tensor {
  return device.scope(() => {
    const resized = resizeImage(device, uploadImage(device, image), spec.resize);
    const x = options.augmentation ? augment(device, resized, options.augmentation) : resized;
    return device.run(normalize, { x }, spec, { outputs: { y: options.output } }).y;
  });
}

/** Uploads pixels to the device: [3, H, W], RGB, 0..255. @throws InputError  their number is not width x height */
export function uploadImage(device: Device, { width, height, pixels }: DecodedImage): Tensor {
  if (pixels.length !== 3 * width * height)
    throw new InputError(`image: ${width} x ${height} pixels need ${3 * width * height} bytes, got ${pixels.length}`);
  return device.scope(() => {
    const words = new Uint32Array(Math.ceil(pixels.length / 4));
    new Uint8Array(words.buffer).set(pixels);
    const x = device.tensor(words, [words.length], 'pixels');
    return device.run(unpackRgb, { x }, { height, width }).y;
  });
}

/**
 * Resizes with antialiased bilinear interpolation and rounds to integers, as PIL does. Then crops the centre if the
 * spec has a crop.
 *
 * x        [3, H, W], 0..255
 * returns  [3, height, width], or [3, crop, crop]
 *
 * @throws InputError  the resized image is smaller than the crop
 * Source: torchvision.transforms.Resize, CenterCrop
 */
export function resizeImage(device: Device, x: Tensor, spec: ResizeSpec): Tensor {
  const [, height, width] = x.shape as [number, number, number];
  return device.scope(() => {
    if ('height' in spec) return resizeTo(device, x, spec);
    const resized = resizeTo(device, x, shorterSideTo({ height, width }, spec.shorterSide));
    return device.run(crop, { x: resized }, centreOf(resized, spec.crop)).y;
  });
}

/**
 * Checks that an image can be resized on a device, before anything is allocated there.
 *
 * @throws UnusableImage  it is too large for a buffer, or too long and thin
 */
export function checkResizable({ limits }: Device, { width, height }: Size, spec: ResizeSpec): void {
  const target = 'height' in spec ? spec : shorterSideTo({ height, width }, spec.shorterSide);
  const isTooThin = width > longestResizable(target.width) || height > longestResizable(target.height);
  // The pixels, after resizing x, and after resizing y: three channels of f32.
  const areas = [width * height, target.width * height, target.width * target.height];
  const sizeBytes = 12 * Math.max(...areas);
  const limitBytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  if (!isTooThin && sizeBytes <= limitBytes) return;
  const why = isTooThin
    ? 'is too long and thin to be resized'
    : `needs ${Math.ceil(sizeBytes / 1e6)} MB on this device to be resized; the limit is ${Math.floor(limitBytes / 1e6)} MB`;
  throw new UnusableImage(`image: ${why} (${width} x ${height} pixels). Crop it or scale it down first`);
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Resizes x first, then y, as in PIL. Skips an axis whose length does not change. */
function resizeTo(device: Device, x: Tensor, { height, width }: Size): Tensor {
  let y = x;
  if (width !== y.shape[2]) y = device.run(resize, { x: y }, { axis: 'x', size: width, round: true }).y;
  if (height !== y.shape[1]) y = device.run(resize, { x: y }, { axis: 'y', size: height, round: true }).y;
  return y;
}

/** Returns the size whose shorter side is `side`. Truncates the longer side to an integer, as torchvision does. */
function shorterSideTo({ height, width }: Size, side: number): Size {
  const longer = Math.trunc((side * Math.max(height, width)) / Math.min(height, width));
  return width <= height ? { height: longer, width: side } : { height: side, width: longer };
}

function centreOf(x: Tensor, side: number) {
  const [, height, width] = x.shape as [number, number, number];
  if (Math.min(height, width) < side)
    throw new InputError(`image: a crop of ${side} x ${side} does not fit into ${width} x ${height} pixels`);
  return {
    top: roundHalfEven((height - side) / 2),
    left: roundHalfEven((width - side) / 2),
    height: side,
    width: side,
  };
}

function normalization({ channelOrder, scale, mean, std }: NormalizeOptions): NormalizeOptions {
  return { channelOrder, scale, mean, std };
}
