import { type WinogradMatmulOptions, winogradMatmulSwaps } from '../../kernels/winograd_matmul.ts';
import { caseTable } from '../case_table.ts';
import { winogradMatmul as reference } from '../reference/winograd_matmul.ts';
import { matmulInputs, matmulPerf, resnetMatmuls } from '../winograd_cases.ts';

export default caseTable<WinogradMatmulOptions>({
  kernel: winogradMatmulSwaps,
  reference,
  cases: [
    ...resnetMatmuls(16)
      .slice(0, 3)
      .map(({ channels, size, inputs }) => ({
        why: `resnet152, ${channels} channels of ${size}x${size}`,
        large: true,
        inputs,
        options: { outChannels: channels },
      })),
    { why: 'every size 1', inputs: matmulInputs(1, 1, 1, 16), options: { outChannels: 1 } },
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(tileGroups => ({
      why: `${4 * tileGroups} Winograd tiles, more than two blocks of channels`,
      inputs: matmulInputs(5, 37, tileGroups, 16),
      options: { outChannels: 37 },
    })),
    { why: 'an even number of channel blocks', inputs: matmulInputs(3, 64, 3, 16), options: { outChannels: 64 } },
    {
      why: 'rejects a u packed by 8',
      inputs: matmulInputs(4, 8, 1),
      options: { outChannels: 8 },
      error: 'winograd_matmul_swaps: u must have channel blocks of 16, got 8 (u [36, 1, 4, 8])',
    },
  ],
  perf: matmulPerf(16),
});
