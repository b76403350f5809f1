import gemmShader from '../../shaders/conv2d_gemm.wgsl';
import reduceShader from '../../shaders/conv2d_reduce.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount, formatShapes } from '../runtime/shape.ts';
import {
  type Conv2dOptions,
  type Conv2dShapes,
  epilogueConstants,
  expectOptional,
  planConv2d,
  tensorsOf,
} from './conv2d_plan.ts';
import { GEMM_TILES, type GemmTile, gemmInvocations } from './gemm_tile.ts';
import { expectRank } from './shape_checks.ts';

export interface Conv2dGemmOptions extends Conv2dOptions {
  readonly tile?: GemmTile;
  /** Parts that each sum is split into, for `conv2dReduce` to add up; 1 by default. */
  readonly slices?: number;
  /** weight is [ceil(O / 8), C * KH * KW, 4], from `packConv2dHalves`. */
  readonly halfWeights?: boolean;
}

/**
 * `conv2d` as a matrix product with tiles in workgroup memory, for GPUs; any window. Pixels are counted over the
 * whole batch, so that planes smaller than a tile fill it.
 *
 * With `slices` over 1 small planes occupy more of the GPU: y is then [slices, N, O, OH, OW] without an epilogue, and
 * `conv2dReduce` adds up the slices.
 *
 * @throws ShapeError  as `conv2d`, and if slices is out of range or has an epilogue
 */
export const conv2dGemm = defineKernel({
  ...tensorsOf('conv2d_gemm', gemmShader),
  plan(shapes: Conv2dShapes, options: Conv2dGemmOptions) {
    const { tile = GEMM_TILES[0]!, halfWeights = false } = options;
    const planned = planGemm('conv2d_gemm', shapes, { ...options, tile, halfWeights });
    const { rows, columnsEach } = gemmInvocations('conv2d_gemm', tile);
    const constants = { ROWS: rows, PIXELS: columnsEach, HALF_WEIGHTS: Number(halfWeights) };
    return { ...planned, constants: { ...planned.constants, ...constants } };
  },
});

/** Plans what matrix products with tiles in workgroup memory have in common. @throws ShapeError */
export function planGemm(
  where: string,
  shapes: Conv2dShapes,
  options: Omit<Conv2dGemmOptions, 'tile'> & { readonly tile: { readonly channels: number; readonly columns: number } },
) {
  const { kernelSize, stride, padding, relu = false, slices = 1, tile, halfWeights } = options;
  const { scale, shift, residual } = shapes;
  if (!Number.isInteger(slices) || slices < 1 || slices > 65535)
    throw new ShapeError(`${where}: slices must be an integer in [1, 65535], got ${slices}`);
  if (slices > 1 && (scale || shift || residual || relu))
    throw new ShapeError(
      `${where}: ${slices} slices cannot have an epilogue (${formatShapes({ scale, shift, residual })}). Pass it to conv2d_reduce`,
    );
  const { params, y, constants } = planConv2d(where, shapes, options, { halves: halfWeights });
  const pixels = params.batch * params.out_height * params.out_width;
  return {
    outputs: { y: slices > 1 ? [slices, ...y] : y },
    params: { ...params, stride, padding },
    constants: { ...constants, KERNEL_HEIGHT: kernelSize[0], KERNEL_WIDTH: kernelSize[1], SLICES: slices },
    workgroups: [Math.ceil(pixels / tile.columns), Math.ceil(params.out_channels / tile.channels), slices] as [
      number,
      number,
      number,
    ],
  };
}

/**
 * Adds up the slices of `conv2dGemm` and applies the epilogue: y = relu?(sum * scale + shift + residual).
 *
 * partial_sums  [S, N, O, OH, OW]
 * scale, shift  [O], residual [N, O, OH, OW]: optional
 * y             [N, O, OH, OW]
 *
 * Sums are f32, in the order of slices.
 *
 * @throws ShapeError  partial_sums is not 5-D, or an optional input has another shape
 */
export const conv2dReduce = defineKernel({
  name: 'conv2d_reduce',
  shader: reduceShader,
  inputs: ['partial_sums'],
  optional: ['scale', 'shift', 'residual'],
  outputs: ['y'],
  plan({ partial_sums, scale, shift, residual }, { relu = false }: { readonly relu?: boolean }) {
    const [slices, batch, outChannels, height, width] = expectRank('conv2d_reduce', 'partial_sums', partial_sums, 5);
    const y = [batch, outChannels, height, width];
    expectOptional('conv2d_reduce', { scale, shift }, [outChannels]);
    expectOptional('conv2d_reduce', { residual }, y);
    const plane = height * width;
    return {
      outputs: { y },
      params: { slices, out_channels: outChannels, plane, size: elementCount(y) },
      constants: epilogueConstants({ scale, shift, residual }, relu),
      workgroups: elementGrid(y, 64),
    };
  },
});
