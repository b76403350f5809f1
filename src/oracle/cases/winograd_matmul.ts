import { type WinogradMatmulOptions, winogradMatmul } from '../../kernels/winograd_matmul.ts';
import { caseTable } from '../case_table.ts';
import { winogradMatmul as reference } from '../reference/winograd_matmul.ts';
import { matmulInputs, matmulPerf, resnetMatmuls } from '../winograd_cases.ts';

export default caseTable<WinogradMatmulOptions>({
  kernel: winogradMatmul,
  reference,
  cases: [
    ...resnetMatmuls(16).map(({ channels, size, inputs }) => ({
      why: `resnet152, ${channels} channels of ${size}x${size}, blocks of 16`,
      large: true,
      inputs,
      options: { outChannels: channels },
    })),
    { why: 'blocks of 16 channels', inputs: matmulInputs(5, 37, 3, 16), options: { outChannels: 37 } },
    { why: 'every size 1', inputs: matmulInputs(1, 1, 1), options: { outChannels: 1 } },
    { why: 'less than a block of channels', inputs: matmulInputs(3, 7, 2), options: { outChannels: 7 } },
    {
      why: 'more than a block of channels, an odd number of tile groups',
      inputs: matmulInputs(5, 13, 3),
      options: { outChannels: 13 },
    },
    {
      why: 'rejects a u with other channels',
      inputs: matmulInputs(4, 8, 1),
      options: { outChannels: 16 },
      error: 'winograd_matmul: u must be [36, 2, 4, 8], got [36, 1, 4, 8] (v [36, 4, 1, 4], u [36, 1, 4, 8])',
    },
  ],
  perf: matmulPerf(16),
});
