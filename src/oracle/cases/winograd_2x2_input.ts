import { winograd2x2Input } from '../../kernels/winograd_input.ts';
import { caseTable } from '../case_table.ts';
import { winograd2x2Input as reference } from '../reference/winograd_input.ts';

export default caseTable({
  kernel: winograd2x2Input,
  reference,
  cases: [
    { why: 'resnet152, 256 channels of 14x14', large: true, inputs: { x: [1, 256, 14, 14] } },
    { why: 'one pixel', inputs: { x: [1, 1, 1, 1] } },
    { why: 'not square: partial tiles in both directions', inputs: { x: [1, 3, 5, 7] } },
    { why: 'batch of two, more tiles than a group of four', inputs: { x: [2, 2, 9, 4] } },
    { why: 'batch of three, four tiles each', inputs: { x: [3, 5, 4, 4] } },
    { why: 'batch of three, one tile each', inputs: { x: [3, 5, 2, 2] } },
    {
      why: 'rejects an x that is not 4-D',
      inputs: { x: [3, 5] },
      error: 'winograd_2x2_input: x must be 4-D, got [3, 5]',
    },
  ],
  perf: [{ inputs: { x: [1, 256, 14, 14] } }],
});
