import shader from '../../shaders/winograd_output.wgsl';
import type { Shape } from '../runtime/shape.ts';
import { epilogueConstants } from './conv2d_plan.ts';
import { defineKernel, linearGrid } from './define.ts';
import { expectShape } from './shape_checks.ts';

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
 * Transforms `winogradMatmul`'s products back to pixels, with the epilogue of `conv2d`: y = relu?(A^T m A * scale + shift + residual).
 *
 * m         [36, O, ceil(T / 4), 4], T = N * ceil(H / 4) * ceil(W / 4)
 * scale, shift [O], residual [N, O, H, W]: optional
 * y         [N, O, H, W], as the options say: T does not tell H from W
 *
 * @throws ShapeError  m or an optional input does not fit the shape
 * Source: Lavin and Gray 2015, arXiv 1509.09308, F(4x4, 3x3)
 */
export const winogradOutput = defineKernel({
  name: 'winograd_output',
  shader,
  inputs: ['m'],
  optional: ['scale', 'shift', 'residual'],
  outputs: ['y'],
  plan(shapes: WinogradOutputShapes, { shape, relu = false }: WinogradOutputOptions) {
    const { m, scale, shift, residual } = shapes;
    const [batch, outChannels, height, width] = shape as [number, number, number, number];
    const [tileRows, tileColumns] = [Math.ceil(height / 4), Math.ceil(width / 4)];
    const tiles = batch * tileRows * tileColumns;
    const tileGroups = Math.ceil(tiles / 4);
    const given = { m, scale, shift, residual };
    expectShape('winograd_output', 'm', { shapes: given, expected: [36, outChannels, tileGroups, 4] });
    expectShape('winograd_output', 'scale', { shapes: given, expected: [outChannels] });
    expectShape('winograd_output', 'shift', { shapes: given, expected: [outChannels] });
    expectShape('winograd_output', 'residual', { shapes: given, expected: shape });
    return {
      outputs: { y: shape },
      params: {
        out_channels: outChannels,
        height,
        width,
        tile_rows: tileRows,
        tile_columns: tileColumns,
        tiles,
        tile_groups: tileGroups,
      },
      constants: epilogueConstants(shapes, relu),
      workgroups: linearGrid(outChannels * tileGroups, 32),
    };
  },
});
