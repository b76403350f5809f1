import { type WinogradOutputOptions, winogradOutput } from '../../kernels/winograd_output.ts';
import { caseTable } from '../case_table.ts';
import { winogradOutput as reference } from '../reference/winograd_output.ts';
import { winogradConvolutions } from '../resnet152_convolutions.ts';
import { tileGroupsOf } from '../winograd_cases.ts';

const resnetRows = winogradConvolutions.map(({ channels, size }) => ({
  inputs: { m: [36, channels, tileGroupsOf(size), 4], scale: [channels], shift: [channels] },
  options: { shape: [1, channels, size, size], relu: true },
}));

export default caseTable<WinogradOutputOptions>({
  kernel: winogradOutput,
  reference,
  cases: [
    ...resnetRows.map(({ inputs, options }) => {
      const [, channels, size] = options.shape;
      return { why: `resnet152, ${channels} channels of ${size}x${size}`, large: true, inputs, options };
    }),
    { why: 'one pixel', inputs: { m: [36, 1, 1, 4] }, options: { shape: [1, 1, 1, 1] } },
    {
      why: 'not square: partial tiles in both directions',
      inputs: { m: [36, 3, 1, 4] },
      options: { shape: [1, 3, 5, 7] },
    },
    {
      why: 'scale, shift, residual and relu, batch of two',
      inputs: { m: [36, 9, 2, 4], scale: [9], shift: [9], residual: [2, 9, 6, 5] },
      options: { shape: [2, 9, 6, 5], relu: true },
    },
    {
      why: 'a residual without relu keeps negative sums',
      inputs: { m: [36, 2, 1, 4], residual: { shape: [1, 2, 3, 3], fill: i => -1 - i } },
      options: { shape: [1, 2, 3, 3] },
    },
    { why: 'only a shift', inputs: { m: [36, 2, 1, 4], shift: [2] }, options: { shape: [1, 2, 3, 3] } },
    { why: 'only relu', inputs: { m: [36, 2, 1, 4] }, options: { shape: [1, 2, 8, 8], relu: true } },
    {
      why: 'relu keeps a NaN of m',
      inputs: { m: { shape: [36, 1, 1, 4], fill: () => Number.NaN } },
      options: { shape: [1, 1, 2, 2], relu: true },
    },
    {
      why: 'rejects an m with another number of tiles',
      inputs: { m: [36, 8, 1, 4] },
      options: { shape: [1, 8, 16, 16] },
      error: 'winograd_output: m must be [36, 8, 4, 4], got [36, 8, 1, 4] (m [36, 8, 1, 4])',
    },
    {
      why: 'rejects a residual of another shape',
      inputs: { m: [36, 8, 1, 4], residual: [1, 8, 2, 2] },
      options: { shape: [1, 8, 4, 4] },
      error:
        'winograd_output: residual must be [1, 8, 4, 4], got [1, 8, 2, 2] (m [36, 8, 1, 4], residual [1, 8, 2, 2])',
    },
  ],
  perf: resnetRows,
});
