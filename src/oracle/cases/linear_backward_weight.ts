import { linearBackwardWeight } from '../../kernels/linear_backward_weight.ts';
import { caseTable } from '../case_table.ts';
import { linearBackwardWeight as reference } from '../reference/linear_backward_weight.ts';

export default caseTable({
  kernel: linearBackwardWeight,
  reference,
  cases: [
    { why: 'a batch of the head', inputs: { gradOutput: [256, 2], x: [256, 2048] } },
    { why: 'the last batch of an epoch', inputs: { gradOutput: [96, 2], x: [96, 2048] } },
    { why: 'every size 1', inputs: { gradOutput: [1, 1], x: [1, 1] } },
    { why: 'one row', inputs: { gradOutput: [1, 2], x: [1, 8] } },
    { why: 'an odd number of outputs', inputs: { gradOutput: [5, 3], x: [5, 8] } },
    { why: 'inputs one short of a tile', inputs: { gradOutput: [4, 2], x: [4, 7] } },
    { why: 'inputs one over a tile', inputs: { gradOutput: [4, 2], x: [4, 9] } },
    { why: 'one tile short of a workgroup', inputs: { gradOutput: [3, 2], x: [3, 124] } },
    { why: 'one tile over a workgroup, partial tiles at both edges', inputs: { gradOutput: [3, 5], x: [3, 43] } },
    { why: 'fourteen classes', inputs: { gradOutput: [33, 14], x: [33, 512] } },
    {
      why: 'rejects an x that is not 2-D',
      inputs: { gradOutput: [2, 3], x: [2, 3, 1] },
      error: 'linear_backward_weight: x must be 2-D, got [2, 3, 1]',
    },
    {
      why: 'rejects another batch',
      inputs: { gradOutput: [4, 2], x: [5, 8] },
      error: 'linear_backward_weight: gradOutput has 4 rows but x has 5 (gradOutput [4, 2], x [5, 8])',
    },
  ],
  perf: [{ inputs: { gradOutput: [256, 2], x: [256, 2048] }, flop: 2 * 256 * 2 * 2048 }],
});
