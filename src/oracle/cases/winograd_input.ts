import { winograd2x2Input, winogradInput } from '../../kernels/winograd_input.ts';
import { caseTable } from '../case_table.ts';
import { winogradInput as reference, winograd2x2Input as reference2x2 } from '../reference/winograd_input.ts';
import { resnetPlanes } from './winograd_matmul.ts';

const edges = [
  { why: 'one pixel', inputs: { x: [1, 1, 1, 1] }, options: {} },
  { why: 'not square, short of a tile and over one', inputs: { x: [1, 3, 5, 7] }, options: {} },
  { why: 'batch of two, tiles over a group of four', inputs: { x: [2, 2, 9, 4] }, options: {} },
  { why: 'batch of three, one tile each', inputs: { x: [3, 5, 4, 4] }, options: {} },
];

export const input2x2 = caseTable<Record<never, never>>({
  kernel: winograd2x2Input,
  reference: reference2x2,
  cases: [
    { why: 'resnet152, 256 channels of 14x14', inputs: { x: [1, 256, 14, 14] }, options: {} },
    ...edges,
    { why: 'one tile of each of three images', inputs: { x: [3, 5, 2, 2] }, options: {} },
    {
      why: 'x is not 4-D',
      inputs: { x: [3, 5] },
      options: {},
      error: 'winograd_2x2_input: x must be 4-D, got [3, 5]',
    },
  ],
});

export default caseTable<Record<never, never>>({
  kernel: winogradInput,
  reference,
  cases: [
    ...resnetPlanes.map(({ channels, size }) => ({
      why: `resnet152, ${channels} channels of ${size}x${size}`,
      inputs: { x: [1, channels, size, size] },
      options: {},
    })),
    ...edges,
    {
      why: 'x is not 4-D',
      inputs: { x: [3, 5] },
      options: {},
      error: 'winograd_input: x must be 4-D, got [3, 5]',
    },
  ],
});
