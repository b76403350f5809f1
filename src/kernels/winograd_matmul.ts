import shader from '../../shaders/winograd_matmul.wgsl';
import { defineKernel, linearGrid } from './define.ts';
import { expectRank, expectShape } from './shape_checks.ts';

export interface WinogradMatmulOptions {
  readonly outChannels: number;
  /** Tiles of 8 channels x 8, not x 4. */
  readonly wide?: boolean;
}

const TILE_CHANNELS = 8;

/**
 * The products in the middle of a Winograd convolution: at each of its 36 points a matrix product over channels.
 *
 * v        [36, C, ceil(T / 4), 4], by `winogradInput`
 * u        [36, ceil(O / 8), C, 8], by `winogradWeight`
 * m        [36, O, ceil(T / 4), 4]
 *
 * @throws ShapeError  v is not 4-D, or u does not fit it and the options
 * Source: Lavin and Gray 2015, arXiv 1509.09308, F(4x4, 3x3)
 */
export const winogradMatmul = defineKernel({
  name: 'winograd_matmul',
  shader,
  inputs: ['v', 'u'],
  outputs: ['m'],
  plan({ v, u }, { outChannels, wide: wanted = false }: WinogradMatmulOptions) {
    const [, channels, tileGroups] = expectRank('winograd_matmul', 'v', v, 4);
    const groups = Math.ceil(outChannels / TILE_CHANNELS);
    const shapes = { v, u };
    expectShape('winograd_matmul', 'v', { shapes, expected: [36, channels, tileGroups, 4] });
    expectShape('winograd_matmul', 'u', { shapes, expected: [36, groups, channels, TILE_CHANNELS] });
    const wide = wanted && tileGroups > 1;
    return {
      outputs: { m: [36, outChannels, tileGroups, 4] },
      params: { channels, out_channels: outChannels, tile_groups: tileGroups },
      constants: { WIDE: Number(wide) },
      workgroups: linearGrid(36 * groups * Math.ceil(tileGroups / (wide ? 2 : 1)), 32),
    };
  },
});
