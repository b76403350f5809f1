import { type WinogradOutputOptions, winograd2x2Output, winogradOutput } from '../../kernels/winograd_output.ts';
import { caseTable } from '../case_table.ts';
import { winogradOutput as reference, winograd2x2Output as reference2x2 } from '../reference/winograd_output.ts';
import { resnetPlanes } from './winograd_matmul.ts';

export const output2x2 = caseTable<WinogradOutputOptions>({
  kernel: winograd2x2Output,
  reference: reference2x2,
  cases: [
    {
      why: 'resnet152, 256 channels of 14x14',
      inputs: { m: [16, 256, 13, 4], scale: [256], shift: [256] },
      options: { shape: [1, 256, 14, 14], relu: true },
    },
    { why: 'one pixel', inputs: { m: [16, 1, 1, 4] }, options: { shape: [1, 1, 1, 1] } },
    { why: 'not square, short of a tile and over one', inputs: { m: [16, 3, 3, 4] }, options: { shape: [1, 3, 5, 7] } },
    {
      why: 'scale, shift, residual and relu, batch of two',
      inputs: { m: [16, 9, 5, 4], scale: [9], shift: [9], residual: [2, 9, 6, 5] },
      options: { shape: [2, 9, 6, 5], relu: true },
    },
    {
      why: 'NaN surfaces through relu',
      inputs: { m: { shape: [16, 1, 1, 4], fill: () => Number.NaN } },
      options: { shape: [1, 1, 2, 2], relu: true },
    },
    {
      why: 'm of another number of tiles',
      inputs: { m: [16, 8, 4, 4] },
      options: { shape: [1, 8, 16, 16] },
      error: 'winograd_2x2_output: m must be [16, 8, 16, 4], got [16, 8, 4, 4] (m [16, 8, 4, 4])',
    },
  ],
});

export default caseTable<WinogradOutputOptions>({
  kernel: winogradOutput,
  reference,
  cases: [
    ...resnetPlanes.map(({ channels, size }) => ({
      why: `resnet152, ${channels} channels of ${size}x${size}`,
      inputs: {
        m: [36, channels, Math.ceil(Math.ceil(size / 4) ** 2 / 4), 4],
        scale: [channels],
        shift: [channels],
      },
      options: { shape: [1, channels, size, size], relu: true },
    })),
    { why: 'one pixel', inputs: { m: [36, 1, 1, 4] }, options: { shape: [1, 1, 1, 1] } },
    { why: 'not square, short of a tile and over one', inputs: { m: [36, 3, 1, 4] }, options: { shape: [1, 3, 5, 7] } },
    {
      why: 'scale, shift, residual and relu, batch of two',
      inputs: { m: [36, 9, 2, 4], scale: [9], shift: [9], residual: [2, 9, 6, 5] },
      options: { shape: [2, 9, 6, 5], relu: true },
    },
    {
      why: 'a residual alone, that keeps negative sums',
      inputs: { m: [36, 2, 1, 4], residual: { shape: [1, 2, 3, 3], fill: i => -1 - i } },
      options: { shape: [1, 2, 3, 3] },
    },
    { why: 'a shift alone', inputs: { m: [36, 2, 1, 4], shift: [2] }, options: { shape: [1, 2, 3, 3] } },
    { why: 'relu alone', inputs: { m: [36, 2, 1, 4] }, options: { shape: [1, 2, 8, 8], relu: true } },
    {
      why: 'NaN surfaces through relu',
      inputs: { m: { shape: [36, 1, 1, 4], fill: () => Number.NaN } },
      options: { shape: [1, 1, 2, 2], relu: true },
    },
    {
      why: 'm of another number of tiles',
      inputs: { m: [36, 8, 1, 4] },
      options: { shape: [1, 8, 16, 16] },
      error: 'winograd_output: m must be [36, 8, 4, 4], got [36, 8, 1, 4] (m [36, 8, 1, 4])',
    },
    {
      why: 'residual of another shape',
      inputs: { m: [36, 8, 1, 4], residual: [1, 8, 2, 2] },
      options: { shape: [1, 8, 4, 4] },
      error:
        'winograd_output: residual must be [1, 8, 4, 4], got [1, 8, 2, 2] (m [36, 8, 1, 4], residual [1, 8, 2, 2])',
    },
  ],
});
