/** Random augmentation of training images. Matches torchvision's transforms on PIL images. */
import { type AffineMatrix, affine } from '../kernels/affine.ts';
import { flip } from '../kernels/flip.ts';
import { grayscale } from '../kernels/grayscale.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Random } from './random.ts';

/** Ranges to draw from. Angles are in degrees. A number d means [-d, d]. */
export interface AugmentationOptions {
  /** Probability of RandomHorizontalFlip. `verticalFlip` is the probability of RandomVerticalFlip. */
  readonly horizontalFlip?: number;
  readonly verticalFlip?: number;
  /** RandomRotation's degrees. */
  readonly rotation?: number | readonly [number, number];
  /** RandomAffine. */
  readonly affine?: {
    readonly degrees?: number | readonly [number, number];
    /** Largest shift along x and y, as fractions of width and height. */
    readonly translate?: readonly [number, number];
    readonly scale?: readonly [number, number];
    /** Range along x. Four numbers are the ranges along x and y. */
    readonly shear?: number | readonly [number, number] | readonly [number, number, number, number];
  };
  /** Probability of RandomGrayscale. 1 equals Grayscale(num_output_channels=3). */
  readonly grayscale?: number;
}

/** The result of one draw. Plain data, independent of the image size. */
export interface AugmentationParameters {
  readonly horizontalFlip: boolean;
  readonly verticalFlip: boolean;
  /** Degrees, counter-clockwise. */
  readonly rotation: number;
  readonly affine: {
    /** Degrees, clockwise. */
    readonly angle: number;
    /** Shift along x and y, as fractions of width and height. */
    readonly translate: readonly [number, number];
    readonly scale: number;
    /** Degrees, along x and y. */
    readonly shear: readonly [number, number];
  };
  readonly grayscale: boolean;
}

/** Small enough that the image remains a realistic chest X-ray. */
const DEFAULT_AUGMENTATION: AugmentationOptions = {
  horizontalFlip: 0.5,
  rotation: 10,
  affine: { translate: [0.05, 0.05], scale: [0.95, 1.05], shear: 5 },
  grayscale: 1,
};

/**
 * Draws one augmentation. The same random stream gives the same result, and every draw consumes the same number of its
 * numbers.
 */
export function randomAugmentation(
  random: Random,
  options: AugmentationOptions = DEFAULT_AUGMENTATION,
): AugmentationParameters {
  const { degrees = 0, translate = [0, 0], scale = [1, 1], shear = 0 } = options.affine ?? {};
  const draw = ([low, high]: readonly [number, number]) => random.uniform(low, high);
  const [shearX, shearY] = typeof shear === 'object' && shear.length === 4 ? halves(shear) : [range(shear), range(0)];
  return {
    horizontalFlip: random.chance(options.horizontalFlip ?? 0),
    verticalFlip: random.chance(options.verticalFlip ?? 0),
    rotation: draw(range(options.rotation ?? 0)),
    affine: {
      angle: draw(range(degrees)),
      translate: [draw(range(translate[0])), draw(range(translate[1]))],
      scale: draw(scale),
      shear: [draw(shearX), draw(shearY)],
    },
    grayscale: random.chance(options.grayscale ?? 0),
  };
}

/**
 * Applies an augmentation: flips, rotation, affine, grayscale, in this order. Records the dispatches; the next submit
 * runs them.
 *
 * x        [3, H, W], RGB, 0..255
 * returns  [3, H, W]; nearest-neighbour sampling, black outside the image, torchvision's defaults
 */
export function augment(device: Device, x: Tensor, parameters: AugmentationParameters): Tensor {
  const [, height, width] = x.shape as [number, number, number];
  const { horizontalFlip: horizontal, verticalFlip: vertical } = parameters;
  const move = (moved: Tensor, matrix: AffineMatrix) =>
    isIdentity(matrix) ? moved : device.run(affine, { x: moved }, { matrix, interpolation: 'nearest', fill: 0 }).y;
  return device.scope(() => {
    let y = x;
    if (horizontal || vertical) y = device.run(flip, { x: y }, { horizontal, vertical }).y;
    y = move(y, rotationMatrix(parameters.rotation, { height, width }));
    y = move(y, affineMatrix(parameters.affine, { height, width }));
    return parameters.grayscale ? device.run(grayscale, { x: y }, {}).y : y;
  });
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * Returns the matrix that maps output to input pixels for a counter-clockwise rotation about the centre.
 * Source: PIL.Image.rotate
 */
function rotationMatrix(degrees: number, { height, width }: Size): AffineMatrix {
  const turn = degrees % 360;
  const angle = -radians(turn < 0 ? turn + 360 : turn);
  const cos = roundTo15(Math.cos(angle));
  const sin = roundTo15(Math.sin(angle));
  const [x, y] = [width / 2, height / 2];
  return [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y];
}

/**
 * Returns the matrix that maps output to input pixels, about the image's centre.
 * Source: torchvision.transforms.functional, _get_inverse_affine_matrix
 */
function affineMatrix(parameters: AugmentationParameters['affine'], { height, width }: Size): AffineMatrix {
  const { angle, translate, scale, shear } = parameters;
  const [rotation, shearX, shearY] = [radians(angle), radians(shear[0]), radians(shear[1])];
  const [x, y] = [width / 2, height / 2];
  const [shiftX, shiftY] = [roundHalfEven(translate[0] * width), roundHalfEven(translate[1] * height)];
  const cos = Math.cos(rotation - shearY) / Math.cos(shearY);
  const sin = Math.sin(rotation - shearY) / Math.cos(shearY);
  const a = (-sin * Math.tan(shearX) + Math.cos(rotation)) / scale;
  const b = (cos * Math.tan(shearX) + Math.sin(rotation)) / scale;
  const d = -sin / scale;
  const e = cos / scale;
  return [a, b, a * (-x - shiftX) + b * (-y - shiftY) + x, d, e, d * (-x - shiftX) + e * (-y - shiftY) + y];
}

/** Rounds half to even, as Python's round(). */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function isIdentity([a, b, c, d, e, f]: AffineMatrix): boolean {
  return a === 1 && b === 0 && c === 0 && d === 0 && e === 1 && f === 0;
}

function range(value: number | readonly number[]): [number, number] {
  return typeof value === 'number' ? [-value, value] : [value[0]!, value[1]!];
}

function halves([a, b, c, d]: readonly [number, number, number, number]): [[number, number], [number, number]] {
  return [
    [a, b],
    [c, d],
  ];
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Rounds to 15 decimals, so that the cosine of a quarter turn is exactly 0. */
function roundTo15(value: number): number {
  return Math.round(value * 1e15) / 1e15;
}
