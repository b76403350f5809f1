import { GEMM_TILES } from '../../kernels/gemm_tile.ts';
import {
  type WinogradMatmulGemmOptions,
  type WinogradMatmulOptions,
  type WinogradMatmulSimdOptions,
  winogradMatmul,
  winogradMatmulGemm,
  winogradMatmulSimd,
  winogradMatmulSwaps,
} from '../../kernels/winograd_matmul.ts';
import { caseTable } from '../case_table.ts';
import { winogradMatmul as reference } from '../reference/winograd_matmul.ts';
import { resnet152Convolutions } from './resnet152_convolutions.ts';

/** What the 3x3 convolutions of ResNet-152 at stride 1 read; they write as many channels. */
export const resnetPlanes = resnet152Convolutions.filter(({ kernel, stride }) => kernel === 3 && stride === 1);

const sizes = (channels: number, outChannels: number, tileGroups: number, tile = 8) => ({
  v: [36, channels, tileGroups, 4],
  u: [36, Math.ceil(outChannels / tile), channels, tile],
});

export default caseTable<WinogradMatmulOptions>({
  kernel: winogradMatmul,
  reference,
  cases: [
    ...resnetPlanes.map(({ channels, size }) => ({
      why: `resnet152, ${channels} channels of ${size}x${size} by 16`,
      inputs: sizes(channels, channels, Math.ceil(Math.ceil(size / 4) ** 2 / 4), 16),
      options: { outChannels: channels },
    })),
    { why: 'tiles of 16 channels', inputs: sizes(5, 37, 3, 16), options: { outChannels: 37 } },
    { why: 'one of everything', inputs: sizes(1, 1, 1), options: { outChannels: 1 } },
    { why: 'channels short of a tile', inputs: sizes(3, 7, 2), options: { outChannels: 7 } },
    {
      why: 'channels over a tile, an odd number of tile groups',
      inputs: sizes(5, 13, 3),
      options: { outChannels: 13 },
    },
    {
      why: 'u of other channels',
      inputs: sizes(4, 8, 1),
      options: { outChannels: 16 },
      error: 'winograd_matmul: u must be [36, 2, 4, 8], got [36, 1, 4, 8] (v [36, 4, 1, 4], u [36, 1, 4, 8])',
    },
  ],
});

export const swaps = caseTable<WinogradMatmulOptions>({
  kernel: winogradMatmulSwaps,
  reference,
  cases: [
    ...resnetPlanes.slice(0, 3).map(({ channels, size }) => ({
      why: `resnet152, ${channels} channels of ${size}x${size}`,
      inputs: sizes(channels, channels, Math.ceil(Math.ceil(size / 4) ** 2 / 4), 16),
      options: { outChannels: channels },
    })),
    { why: 'one of everything', inputs: sizes(1, 1, 1, 16), options: { outChannels: 1 } },
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(tileGroups => ({
      why: `${4 * tileGroups} tiles, channels over two groups`,
      inputs: sizes(5, 37, tileGroups, 16),
      options: { outChannels: 37 },
    })),
    { why: 'channels of an even number of groups', inputs: sizes(3, 64, 3, 16), options: { outChannels: 64 } },
    {
      why: 'u packed by 8',
      inputs: sizes(4, 8, 1),
      options: { outChannels: 8 },
      error: 'winograd_matmul_swaps: u must have channel blocks of 16, got 8 (u [36, 1, 4, 8])',
    },
  ],
});

export const simd = caseTable<WinogradMatmulSimdOptions>({
  kernel: winogradMatmulSimd,
  reference,
  cases: [
    ...resnetPlanes.flatMap(({ channels, size }) =>
      ([8, 16] as const).map(tiles => ({
        why: `resnet152, ${channels} channels of ${size}x${size}, ${tiles} tiles at a time`,
        inputs: sizes(channels, channels, Math.ceil(Math.ceil(size / 4) ** 2 / 4), 6),
        options: { outChannels: channels, tiles },
      })),
    ),
    ...([8, 16] as const).flatMap(tiles =>
      [1, 2, 3, 4, 5, 6, 7, 8].map(tileGroups => ({
        why: `${tiles} tiles at a time, of ${4 * tileGroups}`,
        inputs: sizes(5, 13, tileGroups, 6),
        options: { outChannels: 13, tiles },
      })),
    ),
    { why: 'one of everything', inputs: sizes(1, 1, 1, 6), options: { outChannels: 1 } },
    { why: 'tiles of 4 channels', inputs: sizes(3, 9, 2, 4), options: { outChannels: 9 } },
    {
      why: 'u packed for other variants',
      inputs: sizes(4, 8, 1),
      options: { outChannels: 8 },
      error: 'winograd_matmul_simd: u must have channel blocks of 4 or 6, got 8 (u [36, 1, 4, 8])',
    },
  ],
});

export const gemm = caseTable<WinogradMatmulGemmOptions>({
  kernel: winogradMatmulGemm,
  reference,
  cases: [
    ...resnetPlanes.slice(0, 3).map(({ channels, size }, i) => ({
      why: `resnet152, ${channels} channels of ${size}x${size}`,
      inputs: sizes(channels, channels, Math.ceil(Math.ceil(size / 4) ** 2 / 4)),
      options: { outChannels: channels, tile: GEMM_TILES[i % GEMM_TILES.length] },
    })),
    ...GEMM_TILES.flatMap(tile => {
      const name = `tiles of ${tile.channels}x${tile.columns}`;
      return [
        { why: `${name}: one of everything`, inputs: sizes(1, 1, 1), options: { outChannels: 1, tile } },
        { why: `${name}: less than a tile`, inputs: sizes(5, 13, 3), options: { outChannels: 13, tile } },
        { why: `${name}: over one tile both ways`, inputs: sizes(9, 133, 17), options: { outChannels: 133, tile } },
      ];
    }),
    { why: 'u packed by 16', inputs: sizes(9, 41, 3, 16), options: { outChannels: 41 } },
    {
      why: 'the 16 points of F(2x2, 3x3)',
      inputs: { v: [16, 9, 17, 4], u: [16, 17, 9, 8] },
      options: { outChannels: 133 },
    },
    {
      why: 'v and u of different points',
      inputs: { v: [16, 4, 1, 4], u: [36, 1, 4, 8] },
      options: { outChannels: 8 },
      error: 'winograd_matmul_gemm: u must be [16, 1, 4, 8], got [36, 1, 4, 8] (v [16, 4, 1, 4], u [36, 1, 4, 8])',
    },
    {
      why: 'u packed by 6',
      inputs: sizes(4, 8, 1, 6),
      options: { outChannels: 8 },
      error: 'winograd_matmul_gemm: u must have channel blocks of 8 or 16, got 6 (u [36, 2, 4, 6])',
    },
  ],
});
