import shader2x2 from '../../shaders/winograd_2x2_output.wgsl';
import shader from '../../shaders/winograd_output.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import type { Shape } from '../runtime/shape.ts';
import { epilogueConstants } from './conv2d_plan.ts';
import { expectShape } from './shape_checks.ts';
import { winogradTiling } from './winograd_tiling.ts';

export interface WinogradOutputOptions {
  /** [N, O, H, W] */
  readonly shape: Shape;
  /** Applied last, after scale, shift and residual. */
  readonly relu?: boolean;
}

interface WinogradOutputShapes {
  readonly m: Shape;
  readonly scale?: Shape;
  readonly shift?: Shape;
  readonly residual?: Shape;
}

/**
 * Transforms the products of `winogradMatmul` back to pixels, and applies the epilogue of `conv2d`:
 * y = relu?(A^T m A * scale + shift + residual).
 *
 * m         [36, O, ceil(T / 4), 4], where T = N * ceil(H / 4) * ceil(W / 4)
 * scale, shift [O], residual [N, O, H, W]: optional
 * y         [N, O, H, W], from the options, because T does not determine H and W
 *
 * @throws ShapeError  m or an optional input does not fit the shape
 * Source: Lavin and Gray 2015, arXiv 1509.09308, F(4x4, 3x3)
 */
export const winogradOutput = defineKernel({
  ...tensorsOf('winograd_output', shader),
  plan: (shapes: WinogradOutputShapes, options: WinogradOutputOptions) =>
    planOutput('winograd_output', shapes, { ...options, side: 4 }),
});

/**
 * `winogradOutput` for F(2x2, 3x3).
 *
 * m  [16, O, ceil(T / 4), 4], where T = N * ceil(H / 2) * ceil(W / 2)
 */
export const winograd2x2Output = defineKernel({
  ...tensorsOf('winograd_2x2_output', shader2x2),
  plan: (shapes: WinogradOutputShapes, options: WinogradOutputOptions) =>
    planOutput('winograd_2x2_output', shapes, { ...options, side: 2 }),
});

function tensorsOf(name: string, text: string) {
  return {
    name,
    shader: text,
    inputs: ['m'] as 'm'[],
    optional: ['scale', 'shift', 'residual'] as ('scale' | 'shift' | 'residual')[],
    outputs: ['y'] as 'y'[],
  };
}

/** Plans the transform of Winograd tiles of `side` x `side` pixels. */
function planOutput(
  where: string,
  shapes: WinogradOutputShapes,
  { shape, relu = false, side }: WinogradOutputOptions & { readonly side: 2 | 4 },
) {
  const { m, scale, shift, residual } = shapes;
  const [batch, outChannels, height, width] = shape as [number, number, number, number];
  const tiling = winogradTiling([batch, height, width], side);
  const given = { m, scale, shift, residual };
  const points = (side + 2) ** 2;
  expectShape(where, 'm', { shapes: given, expected: [points, outChannels, tiling.tile_groups, 4] });
  expectShape(where, 'scale', { shapes: given, expected: [outChannels] });
  expectShape(where, 'shift', { shapes: given, expected: [outChannels] });
  expectShape(where, 'residual', { shapes: given, expected: shape });
  return {
    outputs: { y: shape },
    params: { out_channels: outChannels, height, width, ...tiling },
    constants: epilogueConstants(shapes, relu),
    workgroups: linearGrid(outChannels * tiling.tile_groups, 32),
  };
}
