import generalShader from '../../shaders/conv2d.wgsl';
import pointwiseShader from '../../shaders/conv2d_1x1.wgsl';
import pointwiseQuadsShader from '../../shaders/conv2d_1x1_quads.wgsl';
import pointwiseX8Shader from '../../shaders/conv2d_1x1_x8.wgsl';
import pointwiseX16Shader from '../../shaders/conv2d_1x1_x16.wgsl';
import threeByThreeShader from '../../shaders/conv2d_3x3.wgsl';
import packShader from '../../shaders/pack_conv2d_weight.wgsl';
import { ShapeError } from '../errors.ts';
import type { AdapterReport } from '../runtime/adapter.ts';
import { formatShapes, type Shape, sameShape } from '../runtime/shape.ts';
import { defineKernel, elementGrid, linearGrid } from './define.ts';
import { expectRank, windowOutput } from './shape_checks.ts';

export interface Conv2dOptions {
  readonly outChannels: number;
  /** The window's height and width in pixels. */
  readonly kernel: readonly [number, number];
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

/** Rows of an image that are worked on alone. */
export interface RowBand {
  readonly top: number;
  /** Rows of the whole image. */
  readonly height: number;
}

type BandOptions = Conv2dOptions & { readonly band?: RowBand };

const TILE_CHANNELS = 8;
const TILE_PIXELS = 7;
/** Channels in a tile of the x8 variant: 6 where a product and its sum are one instruction, else 4. */
const X8_CHANNELS: readonly number[] = [4, 6];
const X16_PIXELS = 16;
/** In a tile of the variant that reads pixels by four. */
const QUADS_PIXELS = 8;
const WORKGROUP_SIZE = 32;

/**
 * Reorders a convolution's weights for the register-tiled kernels.
 *
 * weight  [O, C, KH, KW]
 * y       [ceil(O / tile), C * KH * KW, tile], zero past O; tile is 8 unless said
 *
 * Exact: outputs are copies of inputs.
 *
 * @throws ShapeError  weight is not 4-D
 */
export const packConv2dWeight = defineKernel({
  name: 'pack_conv2d_weight',
  shader: packShader,
  inputs: ['weight'],
  outputs: ['y'],
  plan({ weight }, { tile = TILE_CHANNELS }: { readonly tile?: number }) {
    const [outChannels, channels, height, width] = expectRank('pack_conv2d_weight', 'weight', weight, 4);
    const depth = channels * height * width;
    const y = [Math.ceil(outChannels / tile), depth, tile];
    return {
      outputs: { y },
      params: { out_channels: outChannels, depth, tile, size: y[0]! * depth * tile },
      workgroups: elementGrid(y, 64),
    };
  },
});

/**
 * 2-D convolution with a fused epilogue, NCHW: y = relu?(conv(x) * scale + shift + residual).
 * A batch norm after the convolution is a scale and a shift; a bias is a shift.
 *
 * x         [N, C, H, W]
 * weight    [ceil(O / 8), C * KH * KW, 8], by `packConv2dWeight`
 * scale, shift [O], residual [N, O, OH, OW]: optional
 * y         [N, O, OH, OW], OH = floor((H + 2*padding - KH) / stride) + 1
 *
 * stride and padding in pixels. Sums in f32, in the order of channels, rows, columns.
 *
 * @throws ShapeError  weight does not fit x and the options, the window does not fit, or an optional input has another shape
 * Source: torch.nn.functional.conv2d, groups 1, dilation 1
 */
export const conv2d = defineKernel({
  ...tensorsOf('conv2d', generalShader),
  plan(shapes: Conv2dShapes, options: Conv2dOptions) {
    const { params, y, constants } = planConv2d('conv2d', shapes, options);
    return {
      outputs: { y },
      params: { ...params, stride: options.stride, padding: options.padding },
      constants: {
        ...constants,
        KERNEL_HEIGHT: options.kernel[0],
        KERNEL_WIDTH: options.kernel[1],
        IS_INSIDE: Number(options.padding === 0),
      },
      workgroups: tileGrid(y, Math.ceil((params.out_height * params.out_width) / TILE_PIXELS)),
    };
  },
});

/**
 * `conv2d` for a 1x1 window without padding: a matrix product over channels.
 *
 * x  [N, C, H, W]; with `band` what the rows of y from `top` on are computed from, of the `height` that y and residual have
 */
export const conv2d1x1 = defineKernel({
  ...tensorsOf('conv2d_1x1', pointwiseShader),
  plan(shapes: Conv2dShapes, options: BandOptions) {
    const [height, width] = options.kernel;
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
      workgroups: tileGrid(y, tiles, 2 * TILE_CHANNELS),
    };
  },
});

/**
 * `conv2d1x1` at stride 1 for planes of a multiple of 4 pixels, which are read by four: a load of four costs software Vulkan less than four
 * loads.
 */
export const conv2d1x1Quads = defineKernel({
  ...tensorsOf('conv2d_1x1_quads', pointwiseQuadsShader),
  plan(shapes: Conv2dShapes, options: BandOptions) {
    expectUnitWindow('conv2d_1x1_quads', options);
    const { pixels, ...planned } = planContiguous('conv2d_1x1_quads', shapes, options);
    const [, , height, width] = shapes.x;
    if (pixels % 4 !== 0)
      throw new ShapeError(
        `conv2d_1x1_quads: planes of x must be a multiple of 4 pixels, got ${height} * ${width} (${formatShapes({ x: shapes.x })})`,
      );
    const tiles = Math.ceil(pixels / QUADS_PIXELS);
    return { ...planned, workgroups: tileGrid(planned.outputs.y, tiles, 2 * TILE_CHANNELS) };
  },
});

/** `conv2d` for a 3x3 window at stride 1: nine loads of x serve three taps of seven pixels. */
export const conv2d3x3 = defineKernel({
  ...tensorsOf('conv2d_3x3', threeByThreeShader),
  plan(shapes: Conv2dShapes, options: Conv2dOptions) {
    const [height, width] = options.kernel;
    if (height !== 3 || width !== 3 || options.stride !== 1)
      throw new ShapeError(
        `conv2d_3x3: expected a 3x3 window at stride 1, got ${height}x${width} at stride ${options.stride}`,
      );
    const { params, y, constants } = planConv2d('conv2d_3x3', shapes, options);
    return {
      outputs: { y },
      params: { ...params, padding: options.padding },
      constants,
      workgroups: tileGrid(y, params.out_height * Math.ceil(params.out_width / TILE_PIXELS)),
    };
  },
});

/**
 * `conv2d1x1` at stride 1 by tiles of 4 or 6 channels x 8 pixels, whose sums fit the registers of 128-bit SIMD.
 *
 * x         [N, C, H, W]; with `band` the rows of it from `top` on, of the H that y and residual have
 * weight    [ceil(O / tile), C, tile], by `packConv2dWeight` with that tile
 */
export const conv2d1x1X8 = defineKernel({
  ...tensorsOf('conv2d_1x1_x8', pointwiseX8Shader),
  plan(shapes: Conv2dShapes, options: BandOptions) {
    const { tile, ...planned } = planSimd('conv2d_1x1_x8', shapes, { ...options, tiles: X8_CHANNELS, tilePixels: 8 });
    return { ...planned, constants: { ...planned.constants, TILE_CHANNELS: tile } };
  },
});

/** The same by tiles of 6 channels x 16 pixels, for 256-bit SIMD. */
export const conv2d1x1X16 = defineKernel({
  ...tensorsOf('conv2d_1x1_x16', pointwiseX16Shader),
  plan(shapes: Conv2dShapes, options: BandOptions) {
    const { tile: _, ...planned } = planSimd('conv2d_1x1_x16', shapes, {
      ...options,
      tiles: [6],
      tilePixels: X16_PIXELS,
    });
    return planned;
  },
});

/** Which adapter a choice is for. */
export type AdapterFamily = Pick<AdapterReport, 'kind' | 'architecture'>;

/** How many channels of weights lie together for an adapter's register-tiled matrix products. */
export function channelTile({ kind, architecture }: AdapterFamily): number {
  if (kind !== 'wasm') return TILE_CHANNELS;
  return architecture === 'wasm-simd' ? 4 : 6;
}

/** Whether the engine makes operations of 256 bits of pairs that it finds (docs/decisions.md). */
export function hasWideSimd({ architecture }: Pick<AdapterFamily, 'architecture'>): boolean {
  return architecture === 'wasm-wide-simd';
}

/** The same for Winograd's products. Where a load costs more than registers that overflow, 16 take 0.8 of the time of 8. */
export function winogradChannelTile(adapter: AdapterFamily): number {
  return adapter.kind === 'software' ? 2 * TILE_CHANNELS : channelTile(adapter);
}

/**
 * The variant for a convolution on an adapter; `pixels` are those of a plane of x. All compute the same; those for SIMD take weights
 * packed by `channelTile`, the others by 8. They are for the columns of `unfold` as well.
 */
export function chooseConv2d(
  { kernel: [height, width], stride, padding }: Conv2dOptions,
  adapter: AdapterFamily,
  pixels: number,
): typeof conv2d {
  if (height === 1 && width === 1 && padding === 0) return choosePointwise({ stride }, adapter, pixels);
  if (height === 3 && width === 3 && stride === 1) return conv2d3x3;
  return conv2d;
}

/** The same for a 1x1 window without padding, also of a band of rows. */
export function choosePointwise(
  { stride }: Pick<Conv2dOptions, 'stride'>,
  adapter: AdapterFamily,
  pixels: number,
): typeof conv2d1x1 {
  if (stride > 1) return conv2d1x1;
  if (adapter.kind === 'wasm') return hasWideSimd(adapter) && pixels >= X16_PIXELS ? conv2d1x1X16 : conv2d1x1X8;
  return pixels % 4 === 0 ? conv2d1x1Quads : conv2d1x1;
}

/** What the variants have in common. */
export function tensorsOf(name: string, shader: string) {
  return {
    name,
    shader,
    inputs: ['x', 'weight'] as ('x' | 'weight')[],
    optional: ['scale', 'shift', 'residual'] as ('scale' | 'shift' | 'residual')[],
    outputs: ['y'] as 'y'[],
  };
}

export function planConv2d(where: string, shapes: Conv2dShapes, options: Conv2dOptions, tile = TILE_CHANNELS) {
  const { x, weight, scale, shift, residual } = shapes;
  const { outChannels, kernel, stride, padding } = options;
  const [batch, channels, height, width] = expectRank(where, 'x', x, 4);
  const packed = [Math.ceil(outChannels / tile), channels * kernel[0] * kernel[1], tile];
  if (!sameShape(weight, packed))
    throw new ShapeError(
      `${where}: packed weight does not fit ${channels} channels and ${outChannels} outputs at ${kernel[0]}x${kernel[1]}, expected [${packed.join(', ')}] (${formatShapes({ x, weight })})`,
    );
  const outHeight = windowOutput(where, height, { kernel: kernel[0], stride, padding });
  const outWidth = windowOutput(where, width, { kernel: kernel[1], stride, padding });
  const y = [batch, outChannels, outHeight, outWidth];
  expectOptional(where, { scale, shift }, [outChannels]);
  expectOptional(where, { residual }, y);
  return {
    y,
    params: { batch, channels, height, width, out_channels: outChannels, out_height: outHeight, out_width: outWidth },
    constants: epilogueConstants(shapes, options.relu ?? false),
  };
}

/** `planConv2d` of a band of rows: y is the whole image, of which the sizes are the band's. */
function planBand(where: string, shapes: Conv2dShapes, { band, ...options }: BandOptions, tile?: number) {
  const { x, weight, scale, shift, residual } = shapes;
  const { params, y } = planConv2d(where, { x, weight }, options, tile);
  const { out_height: rows, out_width: width } = params;
  const { top, height } = band ?? { top: 0, height: rows };
  const whole = [y[0]!, y[1]!, height, width];
  if (top + rows > height)
    throw new ShapeError(`${where}: rows ${top} to ${top + rows - 1} do not lie in an image of ${height}`);
  expectOptional(where, { scale, shift }, [options.outChannels]);
  expectOptional(where, { residual }, whole);
  return {
    params,
    y: whole,
    constants: epilogueConstants(shapes, options.relu ?? false),
    band: { plane: height * width, first_pixel: top * width },
  };
}

/** `planBand` of a 1x1 window that takes every pixel: planes are rows of pixels, wherever an image's own rows end. */
function planContiguous(where: string, shapes: Conv2dShapes, options: BandOptions, tile?: number) {
  const { params, y, constants, band } = planBand(where, shapes, options, tile);
  const { batch, channels, height, width, out_channels } = params;
  const pixels = height * width;
  return { outputs: { y }, params: { batch, channels, pixels, out_channels, ...band }, constants, pixels };
}

/** What the variants for SIMD have in common; `tile` is how the weights are packed. */
function planSimd(
  where: string,
  shapes: Conv2dShapes,
  { tiles, tilePixels, ...options }: BandOptions & { readonly tiles: readonly number[]; readonly tilePixels: number },
) {
  const tile = shapes.weight[2] ?? 0;
  expectUnitWindow(where, options);
  if (!tiles.includes(tile))
    throw new ShapeError(
      `${where}: weight must be packed by ${tiles.join(' or ')} channels, got ${tile} (${formatShapes({ weight: shapes.weight })})`,
    );
  const { pixels, ...planned } = planContiguous(where, shapes, options, tile);
  const workgroups = tileGrid(planned.outputs.y, Math.ceil(pixels / tilePixels), tile);
  return { ...planned, workgroups, tile };
}

function expectUnitWindow(where: string, { kernel, stride, padding }: Conv2dOptions): void {
  if (kernel[0] !== 1 || kernel[1] !== 1 || stride !== 1 || padding !== 0)
    throw new ShapeError(
      `${where}: expected a 1x1 window at stride 1 without padding, got ${kernel.join('x')} at stride ${stride}, padding ${padding}`,
    );
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

function tileGrid([batch, outChannels]: Shape, tiles: number, channels = TILE_CHANNELS): [number, number, number] {
  return linearGrid(batch! * Math.ceil(outChannels! / channels) * tiles, WORKGROUP_SIZE);
}
