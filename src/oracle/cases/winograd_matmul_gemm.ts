import { GEMM_TILES } from '../../kernels/gemm_tile.ts';
import { type WinogradMatmulGemmOptions, winogradMatmulGemm } from '../../kernels/winograd_matmul.ts';
import { caseTable } from '../case_table.ts';
import { winogradMatmul as reference } from '../reference/winograd_matmul.ts';
import { matmulInputs, matmulPerf, resnetMatmuls } from '../winograd_cases.ts';

export default caseTable<WinogradMatmulGemmOptions>({
  kernel: winogradMatmulGemm,
  reference,
  cases: [
    ...resnetMatmuls(8)
      .slice(0, 3)
      .map(({ channels, size, inputs }, i) => ({
        why: `resnet152, ${channels} channels of ${size}x${size}`,
        large: true,
        inputs,
        options: { outChannels: channels, tile: GEMM_TILES[i] },
      })),
    ...GEMM_TILES.flatMap(tile => {
      const name = `tiles of ${tile.channels}x${tile.columns}`;
      return [
        { why: `${name}: every size 1`, inputs: matmulInputs(1, 1, 1), options: { outChannels: 1, tile } },
        { why: `${name}: less than a tile`, inputs: matmulInputs(5, 13, 3), options: { outChannels: 13, tile } },
        {
          why: `${name}: more than one tile in both directions`,
          inputs: matmulInputs(9, 133, 17),
          options: { outChannels: 133, tile },
        },
      ];
    }),
    { why: 'u packed by 16', inputs: matmulInputs(9, 41, 3, 16), options: { outChannels: 41 } },
    {
      why: 'the 16 points of F(2x2, 3x3)',
      inputs: { v: [16, 9, 17, 4], u: [16, 17, 9, 8] },
      options: { outChannels: 133 },
    },
    {
      why: 'rejects v and u with different numbers of points',
      inputs: { v: [16, 4, 1, 4], u: [36, 1, 4, 8] },
      options: { outChannels: 8 },
      error: 'winograd_matmul_gemm: u must be [16, 1, 4, 8], got [36, 1, 4, 8] (v [16, 4, 1, 4], u [36, 1, 4, 8])',
    },
    {
      why: 'rejects a u packed by 6',
      inputs: matmulInputs(4, 8, 1, 6),
      options: { outChannels: 8 },
      error: 'winograd_matmul_gemm: u must have channel blocks of 8 or 16, got 6 (u [36, 2, 4, 6])',
    },
  ],
  perf: matmulPerf(8),
});
