import { type WinogradOutputOptions, winograd2x2Output } from '../../kernels/winograd_output.ts';
import { caseTable } from '../case_table.ts';
import { winograd2x2Output as reference } from '../reference/winograd_output.ts';

const layer3 = {
  inputs: { m: [16, 256, 13, 4], scale: [256], shift: [256] },
  options: { shape: [1, 256, 14, 14], relu: true },
};

export default caseTable<WinogradOutputOptions>({
  kernel: winograd2x2Output,
  reference,
  cases: [
    { why: 'resnet152, 256 channels of 14x14', large: true, ...layer3 },
    { why: 'one pixel', inputs: { m: [16, 1, 1, 4] }, options: { shape: [1, 1, 1, 1] } },
    {
      why: 'not square: partial tiles in both directions',
      inputs: { m: [16, 3, 3, 4] },
      options: { shape: [1, 3, 5, 7] },
    },
    {
      why: 'scale, shift, residual and relu, batch of two',
      inputs: { m: [16, 9, 5, 4], scale: [9], shift: [9], residual: [2, 9, 6, 5] },
      options: { shape: [2, 9, 6, 5], relu: true },
    },
    {
      why: 'relu keeps a NaN of m',
      inputs: { m: { shape: [16, 1, 1, 4], fill: () => Number.NaN } },
      options: { shape: [1, 1, 2, 2], relu: true },
    },
    {
      why: 'rejects an m with another number of tiles',
      inputs: { m: [16, 8, 4, 4] },
      options: { shape: [1, 8, 16, 16] },
      error: 'winograd_2x2_output: m must be [16, 8, 16, 4], got [16, 8, 4, 4] (m [16, 8, 4, 4])',
    },
  ],
  perf: [layer3],
});
