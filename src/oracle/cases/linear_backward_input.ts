import { linearBackwardInput } from '../../kernels/linear_backward_input.ts';
import { caseTable } from '../case_table.ts';
import { linearBackwardInput as reference } from '../reference/linear_backward_input.ts';

const options = {};

export default caseTable<Record<string, never>>({
  kernel: linearBackwardInput,
  reference,
  cases: [
    { why: 'a batch of the head', inputs: { gradOutput: [256, 2], weight: [2, 2048] }, options },
    { why: 'one of everything', inputs: { gradOutput: [1, 1], weight: [1, 1] }, options },
    { why: 'one element short of a workgroup', inputs: { gradOutput: [7, 3], weight: [3, 9] }, options },
    { why: 'exactly one workgroup', inputs: { gradOutput: [8, 2], weight: [2, 8] }, options },
    { why: 'one element over a workgroup, and primes', inputs: { gradOutput: [5, 7], weight: [7, 13] }, options },
    { why: "ImageNet's thousand classes", inputs: { gradOutput: [2, 1000], weight: [1000, 33] }, options },
    {
      why: 'gradOutput is not 2-D',
      inputs: { gradOutput: [2], weight: [2, 3] },
      options,
      error: 'linear_backward_input: gradOutput must be 2-D, got [2]',
    },
    {
      why: 'a weight with other outputs',
      inputs: { gradOutput: [4, 2], weight: [3, 8] },
      options,
      error: 'linear_backward_input: gradOutput has 2 outputs but weight expects 3 (gradOutput [4, 2], weight [3, 8])',
    },
  ],
});
