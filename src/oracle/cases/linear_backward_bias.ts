import { linearBackwardBias } from '../../kernels/linear_backward_bias.ts';
import { caseTable } from '../case_table.ts';
import { linearBackwardBias as reference } from '../reference/linear_backward_bias.ts';

const options = {};

export default caseTable<Record<string, never>>({
  kernel: linearBackwardBias,
  reference,
  cases: [
    { why: 'a batch of the head', inputs: { gradOutput: [256, 2] }, options },
    { why: 'one of everything', inputs: { gradOutput: [1, 1] }, options },
    { why: 'one output short of a workgroup', inputs: { gradOutput: [3, 63] }, options },
    { why: 'one output over a workgroup', inputs: { gradOutput: [3, 65] }, options },
    {
      why: 'gradOutput is not 2-D',
      inputs: { gradOutput: [4] },
      options,
      error: 'linear_backward_bias: gradOutput must be 2-D, got [4]',
    },
  ],
});
