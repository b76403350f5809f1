import { linearBackwardBias } from '../../kernels/linear_backward_bias.ts';
import { caseTable } from '../case_table.ts';
import { linearBackwardBias as reference } from '../reference/linear_backward_bias.ts';

export default caseTable({
  kernel: linearBackwardBias,
  reference,
  cases: [
    { why: 'a batch of the head', inputs: { gradOutput: [256, 2] } },
    { why: 'every size 1', inputs: { gradOutput: [1, 1] } },
    { why: 'one output short of a workgroup', inputs: { gradOutput: [3, 63] } },
    { why: 'one output over a workgroup', inputs: { gradOutput: [3, 65] } },
    {
      why: 'rejects a gradOutput that is not 2-D',
      inputs: { gradOutput: [4] },
      error: 'linear_backward_bias: gradOutput must be 2-D, got [4]',
    },
  ],
  perf: [{ inputs: { gradOutput: [256, 2] }, flop: 256 * 2 }],
});
