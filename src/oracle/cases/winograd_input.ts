import { winogradInput } from '../../kernels/winograd_input.ts';
import { caseTable } from '../case_table.ts';
import { winogradInput as reference } from '../reference/winograd_input.ts';
import { winogradConvolutions } from '../resnet152_convolutions.ts';

export default caseTable({
  kernel: winogradInput,
  reference,
  cases: [
    ...winogradConvolutions.map(({ channels, size }) => ({
      why: `resnet152, ${channels} channels of ${size}x${size}`,
      large: true,
      inputs: { x: [1, channels, size, size] },
    })),
    { why: 'one pixel', inputs: { x: [1, 1, 1, 1] } },
    { why: 'not square: partial tiles in both directions', inputs: { x: [1, 3, 5, 7] } },
    { why: 'batch of two, more tiles than a group of four', inputs: { x: [2, 2, 9, 4] } },
    { why: 'batch of three, one tile each', inputs: { x: [3, 5, 4, 4] } },
    {
      why: 'rejects an x that is not 4-D',
      inputs: { x: [3, 5] },
      error: 'winograd_input: x must be 4-D, got [3, 5]',
    },
  ],
  perf: winogradConvolutions.map(({ channels, size }) => ({ inputs: { x: [1, channels, size, size] } })),
});
