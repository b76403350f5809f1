import shader from '../../shaders/winograd_input.wgsl';
import { defineKernel, linearGrid } from './define.ts';
import { expectRank } from './shape_checks.ts';

/**
 * Transforms what a 3x3 convolution with stride 1 and padding 1 reads, tile by tile, for `winogradMatmul`: V = B^T d B.
 *
 * x        [N, C, H, W]
 * v        [36, C, ceil(T / 4), 4], T = N * ceil(H / 4) * ceil(W / 4), zero past T
 *
 * @throws ShapeError  x is not 4-D
 * Source: Lavin and Gray 2015, arXiv 1509.09308, F(4x4, 3x3)
 */
export const winogradInput = defineKernel({
  name: 'winograd_input',
  shader,
  inputs: ['x'],
  outputs: ['v'],
  plan({ x }, _options: Record<never, never>) {
    const [batch, channels, height, width] = expectRank('winograd_input', 'x', x, 4);
    const [tileRows, tileColumns] = [Math.ceil(height / 4), Math.ceil(width / 4)];
    const tiles = batch * tileRows * tileColumns;
    const tileGroups = Math.ceil(tiles / 4);
    return {
      outputs: { v: [36, channels, tileGroups, 4] },
      params: {
        channels,
        height,
        width,
        tile_rows: tileRows,
        tile_columns: tileColumns,
        tiles,
        tile_groups: tileGroups,
      },
      workgroups: linearGrid(channels * tileGroups, 32),
    };
  },
});
