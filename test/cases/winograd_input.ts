import { caseTable } from '../../src/bench/cases.ts';
import { winogradInput as reference } from '../../src/bench/reference/winograd_input.ts';
import { winogradInput } from '../../src/kernels/winograd_input.ts';
import { resnetPlanes } from './winograd_matmul.ts';

export default caseTable<Record<never, never>>({
  kernel: winogradInput,
  reference,
  cases: [
    ...resnetPlanes.map(({ channels, size }) => ({
      why: `resnet152, ${channels} channels of ${size}x${size}`,
      inputs: { x: [1, channels, size, size] },
      options: {},
    })),
    { why: 'one pixel', inputs: { x: [1, 1, 1, 1] }, options: {} },
    { why: 'not square, short of a tile and over one', inputs: { x: [1, 3, 5, 7] }, options: {} },
    { why: 'batch of two, tiles over a group of four', inputs: { x: [2, 2, 9, 4] }, options: {} },
    { why: 'batch of three, one tile each', inputs: { x: [3, 5, 4, 4] }, options: {} },
    {
      why: 'x is not 4-D',
      inputs: { x: [3, 5] },
      options: {},
      error: 'winograd_input: x must be 4-D, got [3, 5]',
    },
  ],
});
