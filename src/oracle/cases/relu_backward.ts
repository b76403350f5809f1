import { reluBackward } from '../../kernels/relu_backward.ts';
import { caseTable } from '../case_table.ts';
import { reluBackward as reference } from '../reference/relu_backward.ts';

const signs = [-1, 0, 2, Number.NaN];

export default caseTable({
  kernel: reluBackward,
  reference,
  exact: true,
  cases: [
    { why: 'one element', inputs: { gradOutput: [1], y: [1] } },
    {
      why: 'below zero, zero, above zero and NaN',
      inputs: { gradOutput: [4], y: { shape: [4], values: signs } },
    },
    { why: 'one element short of a workgroup', inputs: { gradOutput: [7, 9], y: [7, 9] } },
    { why: 'exactly one workgroup', inputs: { gradOutput: [64], y: [64] } },
    { why: 'one element over a workgroup', inputs: { gradOutput: [5, 13], y: [5, 13] } },
    {
      why: 'rejects shapes that differ',
      inputs: { gradOutput: [2, 3], y: [3, 2] },
      error: 'relu_backward: gradOutput and y must have the same shape (gradOutput [2, 3], y [3, 2])',
    },
  ],
  perf: [{ inputs: { gradOutput: [256, 2048], y: [256, 2048] } }],
});
