import shader2x2 from '../../shaders/winograd_2x2_input.wgsl';
import shader from '../../shaders/winograd_input.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import type { Shape } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';
import { winogradTiling } from './winograd_tiling.ts';

/**
 * Transforms the input of a 3x3 convolution (stride 1, padding 1) into T Winograd tiles for `winogradMatmul`. Each tile
 * is V = B^T d B, where d are the pixels of the tile.
 *
 * x        [N, C, H, W]
 * v        [36, C, ceil(T / 4), 4], where T = N * ceil(H / 4) * ceil(W / 4); tiles past T are zero
 *
 * @throws ShapeError  x is not 4-D
 * Source: Lavin and Gray 2015, arXiv 1509.09308, F(4x4, 3x3)
 */
export const winogradInput = defineKernel({
  name: 'winograd_input',
  shader,
  inputs: ['x'],
  outputs: ['v'],
  plan: ({ x }, _options: Record<never, never>) => planInput('winograd_input', x, 4),
});

/**
 * `winogradInput` for F(2x2, 3x3).
 *
 * v  [16, C, ceil(T / 4), 4], where T = N * ceil(H / 2) * ceil(W / 2); tiles past T are zero
 */
export const winograd2x2Input = defineKernel({
  name: 'winograd_2x2_input',
  shader: shader2x2,
  inputs: ['x'],
  outputs: ['v'],
  plan: ({ x }, _options: Record<never, never>) => planInput('winograd_2x2_input', x, 2),
});

/** Plans the transform into Winograd tiles of `side` x `side` pixels. */
function planInput(where: string, x: Shape, side: 2 | 4) {
  const [batch, channels, height, width] = expectRank(where, 'x', x, 4);
  const tiling = winogradTiling([batch, height, width], side);
  return {
    outputs: { v: [(side + 2) ** 2, channels, tiling.tile_groups, 4] },
    params: { channels, height, width, ...tiling },
    workgroups: linearGrid(channels * tiling.tile_groups, 32),
  };
}
