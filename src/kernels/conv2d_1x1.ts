import pointwiseShader from '../../shaders/conv2d_1x1.wgsl';
import quadsShader from '../../shaders/conv2d_1x1_quads.wgsl';
import swapsShader from '../../shaders/conv2d_1x1_swaps.wgsl';
import x8Shader from '../../shaders/conv2d_1x1_x8.wgsl';
import x16Shader from '../../shaders/conv2d_1x1_x16.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { formatShapes } from '../runtime/shape.ts';
import {
  CHANNEL_BLOCK,
  type Conv2dOptions,
  type Conv2dShapes,
  epilogueConstants,
  expectOptional,
  planConv2d,
  TILE_PIXELS,
  tensorsOf,
  tileGrid,
} from './conv2d_plan.ts';

/** Rows of an image that one dispatch computes. */
export interface RowBand {
  readonly top: number;
  /** Rows of the whole image. */
  readonly height: number;
}

type BandOptions = Conv2dOptions & { readonly band?: RowBand };

/** Channel blocks of the x8 variant: 6 if multiply-add is one instruction, otherwise 4. */
const X8_BLOCKS: readonly number[] = [4, 6];
/** Pixels in a tile of the x16 variant. */
export const X16_PIXELS = 16;
/** Pixels in a tile of the variants that read four pixels at a time. */
const QUADS_PIXELS = 8;

/**
 * `conv2d` for a 1x1 window without padding: a matrix product over channels.
 *
 * x  [N, C, H, W]; with `band`, the input of the rows from `top` on: y and residual have `height` rows
 */
export const conv2d1x1 = defineKernel({
  ...tensorsOf('conv2d_1x1', pointwiseShader),
  plan(shapes: Conv2dShapes, options: BandOptions) {
    const [height, width] = options.kernelSize;
    if (height !== 1 || width !== 1 || options.padding !== 0)
      throw new ShapeError(
        `conv2d_1x1: expected a 1x1 window without padding, got ${height}x${width}, padding ${options.padding}`,
      );
    const { params, y, constants, band } = planBand('conv2d_1x1', shapes, options);
    const tiles = Math.ceil((params.out_height * params.out_width) / TILE_PIXELS);
    return {
      outputs: { y },
      params: { ...params, ...band, stride: options.stride },
      constants,
      workgroups: tileGrid(y, tiles, 2 * CHANNEL_BLOCK),
    };
  },
});

/**
 * `conv2d1x1` at stride 1 for planes with a multiple of 4 pixels. It reads four pixels at a time: on software Vulkan
 * one load of four costs less than four loads.
 */
export const conv2d1x1Quads = defineKernel({
  ...tensorsOf('conv2d_1x1_quads', quadsShader),
  plan(shapes: Conv2dShapes, options: BandOptions) {
    const { pixels, ...planned } = planQuads('conv2d_1x1_quads', shapes, options);
    const tiles = Math.ceil(pixels / QUADS_PIXELS);
    return { ...planned, workgroups: tileGrid(planned.outputs.y, tiles, 2 * CHANNEL_BLOCK) };
  },
});

/**
 * `conv2d1x1Quads` for adapters with subgroups. A quad of invocations computes two by two tiles of channels by
 * pixels, and each invocation loads half of what its tile needs. It takes a fifth to a quarter less time on software
 * Vulkan, and returns the same bits.
 */
export const conv2d1x1Swaps = defineKernel({
  ...tensorsOf('conv2d_1x1_swaps', swapsShader),
  feature: 'subgroups',
  plan(shapes: Conv2dShapes, options: BandOptions) {
    const { pixels, ...planned } = planQuads('conv2d_1x1_swaps', shapes, options);
    const [batch, outChannels] = planned.outputs.y as [number, number];
    const pairs = Math.ceil(pixels / (2 * QUADS_PIXELS)) * Math.ceil(outChannels / (4 * CHANNEL_BLOCK));
    return { ...planned, workgroups: linearGrid(4 * batch * pairs, 32) };
  },
});

/**
 * `conv2d1x1` at stride 1 with tiles of 4 or 6 channels x 8 pixels, whose sums fit the registers of 128-bit SIMD.
 *
 * x         [N, C, H, W]; with `band`, the input of the rows from `top` on: y and residual have `height` rows
 * weight    [ceil(O / B), C, B], from `packConv2dWeight` with a channel block B of 4 or 6
 */
export const conv2d1x1X8 = defineKernel({
  ...tensorsOf('conv2d_1x1_x8', x8Shader),
  plan(shapes: Conv2dShapes, options: BandOptions) {
    const planned = planSimd('conv2d_1x1_x8', shapes, { ...options, blocks: X8_BLOCKS, tilePixels: 8 });
    return { ...planned, constants: { ...planned.constants, TILE_CHANNELS: shapes.weight[2]! } };
  },
});

/** The same with tiles of 6 channels x 16 pixels, for 256-bit SIMD. */
export const conv2d1x1X16 = defineKernel({
  ...tensorsOf('conv2d_1x1_x16', x16Shader),
  plan(shapes: Conv2dShapes, options: BandOptions) {
    return planSimd('conv2d_1x1_x16', shapes, { ...options, blocks: [6], tilePixels: X16_PIXELS });
  },
});

/** `planConv2d` for a band of rows: y is the whole image, the sizes in `params` are the band's. */
function planBand(where: string, shapes: Conv2dShapes, { band, ...options }: BandOptions, channelBlock?: number) {
  const { x, weight, scale, shift, residual } = shapes;
  const { params, y } = planConv2d(where, { x, weight }, options, { channelBlock });
  const { out_height: rows, out_width: width } = params;
  const { top, height } = band ?? { top: 0, height: rows };
  const whole = [y[0]!, y[1]!, height, width];
  if (top + rows > height)
    throw new ShapeError(
      `${where}: rows must be within the ${height} of the image, got rows ${top} to ${top + rows - 1}`,
    );
  expectOptional(where, { scale, shift }, [options.outChannels]);
  expectOptional(where, { residual }, whole);
  return {
    params,
    y: whole,
    constants: epilogueConstants(shapes, options.relu ?? false),
    band: { plane: height * width, first_pixel: top * width },
  };
}

/** `planBand` for a 1x1 window that reads every pixel: a plane is one run of pixels, and its rows do not matter. */
function planContiguous(where: string, shapes: Conv2dShapes, options: BandOptions, channelBlock?: number) {
  const { params, y, constants, band } = planBand(where, shapes, options, channelBlock);
  const { batch, channels, height, width, out_channels } = params;
  const pixels = height * width;
  return { outputs: { y }, params: { batch, channels, pixels, out_channels, ...band }, constants, pixels };
}

/** `planContiguous` for variants that read four pixels at a time. */
function planQuads(where: string, shapes: Conv2dShapes, options: BandOptions) {
  expectPointwise(where, options);
  const planned = planContiguous(where, shapes, options);
  const [, , height, width] = shapes.x;
  if (planned.pixels % 4 !== 0)
    throw new ShapeError(
      `${where}: planes of x must be a multiple of 4 pixels, got ${height} * ${width} (${formatShapes({ x: shapes.x })})`,
    );
  return planned;
}

/** Plans what the SIMD variants have in common; `blocks` are the channel blocks that a variant takes. */
function planSimd(
  where: string,
  shapes: Conv2dShapes,
  { blocks, tilePixels, ...options }: BandOptions & { readonly blocks: readonly number[]; readonly tilePixels: number },
) {
  const channelBlock = shapes.weight[2] ?? 0;
  expectPointwise(where, options);
  if (!blocks.includes(channelBlock))
    throw new ShapeError(
      `${where}: weight must have channel blocks of ${blocks.join(' or ')}, got ${channelBlock} (${formatShapes({ weight: shapes.weight })})`,
    );
  const { pixels, ...planned } = planContiguous(where, shapes, options, channelBlock);
  return { ...planned, workgroups: tileGrid(planned.outputs.y, Math.ceil(pixels / tilePixels), channelBlock) };
}

function expectPointwise(where: string, { kernelSize, stride, padding }: Conv2dOptions): void {
  if (kernelSize[0] !== 1 || kernelSize[1] !== 1 || stride !== 1 || padding !== 0)
    throw new ShapeError(
      `${where}: expected a 1x1 window at stride 1 without padding, got ${kernelSize.join('x')} at stride ${stride}, padding ${padding}`,
    );
}
