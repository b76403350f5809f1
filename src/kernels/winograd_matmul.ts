import shader from '../../shaders/winograd_matmul.wgsl';
import gemmShader from '../../shaders/winograd_matmul_gemm.wgsl';
import simdShader from '../../shaders/winograd_matmul_simd.wgsl';
import swapsShader from '../../shaders/winograd_matmul_swaps.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { formatShapes, type Shape } from '../runtime/shape.ts';
import { GEMM_TILES, type GemmTile, gemmInvocations } from './gemm_tile.ts';
import { expectRank, expectShape } from './shape_checks.ts';

export interface WinogradMatmulOptions {
  readonly outChannels: number;
}

/**
 * Computes the matrix products between the input transform and the output transform of a Winograd convolution. A
 * transformed Winograd tile has P elements, also called points. For each point p, a matrix product sums over the input
 * channels: m[p] = u[p] v[p].
 *
 * v        [P, C, ceil(T / 4), 4], from `winogradInput`
 * u        [P, ceil(O / B), C, B], from `winogradWeight`
 * m        [P, O, ceil(T / 4), 4]
 *
 * C is the number of input channels, O the number of output channels, and T the number of Winograd tiles. B is the
 * channel block, the number of output channels that are stored together: 8 or 16 for this kernel. P is 36 for
 * F(4x4, 3x3) and 16 for F(2x2, 3x3). All kernels of this file support P = 36; only `winogradMatmulGemm` also supports
 * P = 16.
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
    const channelBlock = expectBlock('winograd_matmul', u, [8, 16]);
    const { groups, m } = planMatmul('winograd_matmul', { v, u }, { outChannels, channelBlock });
    const wide = tileGroups > 1;
    return {
      outputs: { m },
      params: { channels, out_channels: outChannels, tile_groups: tileGroups },
      constants: { TILE_CHANNELS: channelBlock, WIDE: Number(wide) },
      workgroups: linearGrid(36 * groups * Math.ceil(tileGroups / (wide ? 2 : 1)), 32),
    };
  },
});

/**
 * Computes the same as `winogradMatmul`, on adapters with subgroups. Four consecutive invocations form a quad, which
 * computes 32 output channels of 16 Winograd tiles. Each invocation computes a quarter of these products: 16 channels
 * of 8 Winograd tiles. It loads half of the values that it needs, and gets the other half from its neighbours in the
 * quad.
 *
 * u  [P, ceil(O / B), C, B], with a channel block B of 16
 *
 * @throws ShapeError  in the same cases as `winogradMatmul`
 */
export const winogradMatmulSwaps = defineKernel({
  name: 'winograd_matmul_swaps',
  shader: swapsShader,
  feature: 'subgroups',
  inputs: ['v', 'u'],
  outputs: ['m'],
  plan({ v, u }, { outChannels }: WinogradMatmulOptions) {
    const where = 'winograd_matmul_swaps';
    const [, channels, tileGroups] = expectRank(where, 'v', v, 4);
    const channelBlock = expectBlock(where, u, [16]);
    const { groups, m } = planMatmul(where, { v, u }, { outChannels, channelBlock });
    const pairs = Math.ceil(groups / 2) * Math.ceil(tileGroups / 4);
    return {
      outputs: { m },
      params: { channels, out_channels: outChannels, tile_groups: tileGroups },
      workgroups: linearGrid(4 * 36 * pairs, 32),
    };
  },
});

export interface WinogradMatmulSimdOptions extends WinogradMatmulOptions {
  /** Maximum number of Winograd tiles that one invocation computes: 8 by default, 16 for 256-bit SIMD. */
  readonly winogradTiles?: 8 | 16;
}

/**
 * Computes the same as `winogradMatmul`, in SIMD registers: the sums that one invocation computes fit into them.
 *
 * u  [P, ceil(O / B), C, B], with a channel block B of 4 or 6
 *
 * @throws ShapeError  in the same cases as `winogradMatmul`
 */
export const winogradMatmulSimd = defineKernel({
  name: 'winograd_matmul_simd',
  shader: simdShader,
  inputs: ['v', 'u'],
  outputs: ['m'],
  plan({ v, u }, { outChannels, winogradTiles = 8 }: WinogradMatmulSimdOptions) {
    const where = 'winograd_matmul_simd';
    const [, channels, tileGroups] = expectRank(where, 'v', v, 4);
    const channelBlock = expectBlock(where, u, [4, 6]);
    const { groups, m } = planMatmul(where, { v, u }, { outChannels, channelBlock });
    const fours = [winogradTiles / 4, 2].find(each => each <= tileGroups) ?? 1;
    return {
      outputs: { m },
      params: { channels, out_channels: outChannels, tile_groups: tileGroups },
      constants: { TILE_CHANNELS: channelBlock, FOURS: fours },
      workgroups: linearGrid(36 * groups * Math.ceil(tileGroups / fours), 32),
    };
  },
});

export interface WinogradMatmulGemmOptions extends WinogradMatmulOptions {
  readonly tile?: GemmTile;
}

/**
 * Computes the same as `winogradMatmul`, on GPUs: it loads tiles of the matrices into workgroup memory. P may be 36 or
 * 16.
 *
 * u  [P, ceil(O / B), C, B], with a channel block B of 8 or 16
 *
 * @throws ShapeError  in the same cases as `winogradMatmul`
 */
export const winogradMatmulGemm = defineKernel({
  name: 'winograd_matmul_gemm',
  shader: gemmShader,
  inputs: ['v', 'u'],
  outputs: ['m'],
  plan({ v, u }, { outChannels, tile = GEMM_TILES[0]! }: WinogradMatmulGemmOptions) {
    const where = 'winograd_matmul_gemm';
    const [, channels, tileGroups] = expectRank(where, 'v', v, 4);
    const channelBlock = expectBlock(where, u, [8, 16]);
    const points = v[0] === 16 ? 16 : 36;
    const { m } = planMatmul(where, { v, u }, { outChannels, channelBlock, points });
    const { rows, columnsEach } = gemmInvocations(where, tile);
    return {
      outputs: { m },
      params: { channels, out_channels: outChannels, tile_groups: tileGroups },
      constants: { ROWS: rows, TILES: columnsEach, TILE_CHANNELS: channelBlock },
      workgroups: [Math.ceil((4 * tileGroups) / tile.columns), Math.ceil(outChannels / tile.channels), points],
    };
  },
});

/** Returns the channel block of u. @throws ShapeError  this kernel does not support the channel block */
function expectBlock(where: string, u: Shape, blocks: readonly number[]): number {
  const [, , , channelBlock] = expectRank(where, 'u', u, 4);
  if (!blocks.includes(channelBlock))
    throw new ShapeError(
      `${where}: u must have channel blocks of ${blocks.join(' or ')}, got ${channelBlock} (${formatShapes({ u })})`,
    );
  return channelBlock;
}

/** Checks the shapes of v and u, and returns the shape of m. All kernels of this file use it. @throws ShapeError */
function planMatmul(
  where: string,
  shapes: { readonly v: Shape; readonly u: Shape },
  {
    outChannels,
    channelBlock,
    points = 36,
  }: WinogradMatmulOptions & { readonly channelBlock: number; readonly points?: number },
) {
  const [, channels, tileGroups] = expectRank(where, 'v', shapes.v, 4);
  const groups = Math.ceil(outChannels / channelBlock);
  expectShape(where, 'v', { shapes, expected: [points, channels, tileGroups, 4] });
  expectShape(where, 'u', { shapes, expected: [points, groups, channels, channelBlock] });
  return { groups, m: [points, outChannels, tileGroups, 4] };
}
