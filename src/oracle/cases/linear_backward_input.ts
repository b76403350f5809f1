import { linearBackwardInput } from '../../kernels/linear_backward_input.ts';
import { caseTable } from '../case_table.ts';
import { linearBackwardInput as reference } from '../reference/linear_backward_input.ts';

export default caseTable({
  kernel: linearBackwardInput,
  reference,
  cases: [
    { why: 'a batch of the head', inputs: { gradOutput: [256, 2], weight: [2, 2048] } },
    { why: 'every size 1', inputs: { gradOutput: [1, 1], weight: [1, 1] } },
    { why: 'one element short of a workgroup', inputs: { gradOutput: [7, 3], weight: [3, 9] } },
    { why: 'exactly one workgroup', inputs: { gradOutput: [8, 2], weight: [2, 8] } },
    { why: 'one element over a workgroup, prime sizes', inputs: { gradOutput: [5, 7], weight: [7, 13] } },
    { why: "ImageNet's 1000 classes", inputs: { gradOutput: [2, 1000], weight: [1000, 33] } },
    {
      why: 'rejects a gradOutput that is not 2-D',
      inputs: { gradOutput: [2], weight: [2, 3] },
      error: 'linear_backward_input: gradOutput must be 2-D, got [2]',
    },
    {
      why: 'rejects a weight with other outputs',
      inputs: { gradOutput: [4, 2], weight: [3, 8] },
      error: 'linear_backward_input: gradOutput has 2 outputs but weight expects 3 (gradOutput [4, 2], weight [3, 8])',
    },
  ],
  perf: [{ inputs: { gradOutput: [256, 2], weight: [2, 2048] }, flop: 2 * 256 * 2 * 2048 }],
});
