import shader from '../../shaders/winograd_matmul.wgsl';
import { ShapeError } from '../errors.ts';
import { formatShapes } from '../runtime/shape.ts';
import { defineKernel, linearGrid } from './define.ts';
import { expectRank, expectShape } from './shape_checks.ts';

export interface WinogradMatmulOptions {
  readonly outChannels: number;
}

const TILE_CHANNELS: readonly number[] = [4, 6, 8];

/**
 * The products in the middle of a Winograd convolution: at each of its 36 points a matrix product over channels.
 *
 * v        [36, C, ceil(T / 4), 4], by `winogradInput`
 * u        [36, ceil(O / tile), C, tile], by `winogradWeight`; tile is 4, 6 or 8
 * m        [36, O, ceil(T / 4), 4]
 *
 * @throws ShapeError  v or u is not 4-D, or u does not fit v and the options
 * Source: Lavin and Gray 2015, arXiv 1509.09308, F(4x4, 3x3)
 */
export const winogradMatmul = defineKernel({
  name: 'winograd_matmul',
  shader,
  inputs: ['v', 'u'],
  outputs: ['m'],
  plan({ v, u }, { outChannels }: WinogradMatmulOptions) {
    const [, channels, tileGroups] = expectRank('winograd_matmul', 'v', v, 4);
    const [, , , tile] = expectRank('winograd_matmul', 'u', u, 4);
    if (!TILE_CHANNELS.includes(tile))
      throw new ShapeError(
        `winograd_matmul: u must hold tiles of 4, 6 or 8 channels, got ${tile} (${formatShapes({ u })})`,
      );
    const groups = Math.ceil(outChannels / tile);
    const shapes = { v, u };
    expectShape('winograd_matmul', 'v', { shapes, expected: [36, channels, tileGroups, 4] });
    expectShape('winograd_matmul', 'u', { shapes, expected: [36, groups, channels, tile] });
    const wide = tileGroups > 1;
    return {
      outputs: { m: [36, outChannels, tileGroups, 4] },
      params: { channels, out_channels: outChannels, tile_groups: tileGroups },
      constants: { TILE_CHANNELS: tile, WIDE: Number(wide) },
      workgroups: linearGrid(36 * groups * Math.ceil(tileGroups / (wide ? 2 : 1)), 32),
    };
  },
});
