/** What all variants of `conv2d` share. */
import { ShapeError } from '../errors/index.ts';
import { linearGrid } from '../runtime/kernel.ts';
import { formatShapes, type Shape, sameShape } from '../runtime/shape.ts';
import { expectRank, windowOutput } from './shape_checks.ts';

export interface Conv2dOptions {
  readonly outChannels: number;
  /** The window's height and width in pixels. */
  readonly kernelSize: readonly [number, number];
  readonly stride: number;
  readonly padding: number;
  /** Applied last, after scale, shift and residual. */
  readonly relu?: boolean;
}

export interface Conv2dShapes {
  readonly x: Shape;
  readonly weight: Shape;
  readonly scale?: Shape;
  readonly shift?: Shape;
  readonly residual?: Shape;
}

/** Channels of weights that are packed together, except for the SIMD variants. */
export const CHANNEL_BLOCK = 8;
/** Neighbouring pixels that one invocation computes. */
export const TILE_PIXELS = 7;
const WORKGROUP_SIZE = 32;

/** Returns the tensors that every variant takes. */
export function tensorsOf(name: string, shader: string) {
  return {
    name,
    shader,
    inputs: ['x', 'weight'] as ('x' | 'weight')[],
    optional: ['scale', 'shift', 'residual'] as ('scale' | 'shift' | 'residual')[],
    outputs: ['y'] as 'y'[],
  };
}

/** The packing of a variant's weights. */
export interface WeightPacking {
  /** The channel block; 8 by default. */
  readonly channelBlock?: number;
  /** Whether a word contains two 16-bit weights. */
  readonly halves?: boolean;
}

/** Checks the shapes that every variant takes, and plans what they share. @throws ShapeError */
export function planConv2d(
  where: string,
  shapes: Conv2dShapes,
  options: Conv2dOptions,
  { channelBlock = CHANNEL_BLOCK, halves = false }: WeightPacking = {},
) {
  const { x, weight, scale, shift, residual } = shapes;
  const { outChannels, kernelSize, stride, padding } = options;
  const [batch, channels, height, width] = expectRank(where, 'x', x, 4);
  const depth = channels * kernelSize[0] * kernelSize[1];
  const packed = [Math.ceil(outChannels / channelBlock), depth, halves ? channelBlock / 2 : channelBlock];
  if (!sameShape(weight, packed))
    throw new ShapeError(
      `${where}: packed weight does not fit ${channels} channels and ${outChannels} outputs at ${kernelSize[0]}x${kernelSize[1]}, expected [${packed.join(', ')}] (${formatShapes({ x, weight })})`,
    );
  const outHeight = windowOutput(where, height, { kernelSize: kernelSize[0], stride, padding });
  const outWidth = windowOutput(where, width, { kernelSize: kernelSize[1], stride, padding });
  const y = [batch, outChannels, outHeight, outWidth];
  expectOptional(where, { scale, shift }, [outChannels]);
  expectOptional(where, { residual }, y);
  return {
    y,
    params: { batch, channels, height, width, out_channels: outChannels, out_height: outHeight, out_width: outWidth },
    constants: epilogueConstants(shapes, options.relu ?? false),
  };
}

export function epilogueConstants(
  { scale, shift, residual }: Pick<Conv2dShapes, 'scale' | 'shift' | 'residual'>,
  relu: boolean,
): Readonly<Record<string, number>> {
  return {
    HAS_SCALE: Number(scale !== undefined),
    HAS_SHIFT: Number(shift !== undefined),
    HAS_RESIDUAL: Number(residual !== undefined),
    RELU: Number(relu),
  };
}

export function expectOptional(
  where: string,
  given: Readonly<Record<string, Shape | undefined>>,
  expected: Shape,
): void {
  for (const [name, shape] of Object.entries(given))
    if (shape && !sameShape(shape, expected))
      throw new ShapeError(`${where}: ${name} must be [${expected.join(', ')}] (${formatShapes({ [name]: shape })})`);
}

/** Returns a grid with one invocation for each tile of `channels` channels in each image. */
export function tileGrid(
  [batch, outChannels]: Shape,
  tiles: number,
  channels = CHANNEL_BLOCK,
): [number, number, number] {
  return linearGrid(batch! * Math.ceil(outChannels! / channels) * tiles, WORKGROUP_SIZE);
}
