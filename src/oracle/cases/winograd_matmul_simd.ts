import { type WinogradMatmulSimdOptions, winogradMatmulSimd } from '../../kernels/winograd_matmul.ts';
import { caseTable } from '../case_table.ts';
import { winogradMatmul as reference } from '../reference/winograd_matmul.ts';
import { matmulInputs, matmulPerf, resnetMatmuls } from '../winograd_cases.ts';

export default caseTable<WinogradMatmulSimdOptions>({
  kernel: winogradMatmulSimd,
  reference,
  cases: [
    ...resnetMatmuls(6).flatMap(({ channels, size, inputs }) =>
      ([8, 16] as const).map(tiles => ({
        why: `resnet152, ${channels} channels of ${size}x${size}, ${tiles} Winograd tiles per invocation`,
        large: true,
        inputs,
        options: { outChannels: channels, tiles },
      })),
    ),
    ...([8, 16] as const).flatMap(tiles =>
      [1, 2, 3, 4, 5, 6, 7, 8].map(tileGroups => ({
        why: `${tiles} Winograd tiles per invocation, ${4 * tileGroups} in total`,
        inputs: matmulInputs(5, 13, tileGroups, 6),
        options: { outChannels: 13, tiles },
      })),
    ),
    { why: 'every size 1', inputs: matmulInputs(1, 1, 1, 6), options: { outChannels: 1 } },
    { why: 'blocks of 4 channels', inputs: matmulInputs(3, 9, 2, 4), options: { outChannels: 9 } },
    {
      why: 'rejects a u packed for other variants',
      inputs: matmulInputs(4, 8, 1),
      options: { outChannels: 8 },
      error: 'winograd_matmul_simd: u must have channel blocks of 4 or 6, got 8 (u [36, 1, 4, 8])',
    },
  ],
  perf: [...matmulPerf(6), ...matmulPerf(6, { tiles: 16 } as const, '16 tiles at a time')],
});
