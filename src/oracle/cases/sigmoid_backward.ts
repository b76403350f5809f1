import { sigmoidBackward } from '../../kernels/sigmoid.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { sigmoidBackward as reference } from '../reference/sigmoid_backward.ts';

/** Returns outputs of a sigmoid. */
const probabilities = (...shape: number[]): InputSpec => ({ shape, fill: (_, random) => random() });

export default caseTable({
  kernel: sigmoidBackward,
  reference,
  cases: [
    { why: 'one element', inputs: { gradOutput: [1], y: probabilities(1) } },
    { why: 'one element short of a workgroup', inputs: { gradOutput: [7, 9], y: probabilities(7, 9) } },
    { why: 'exactly one workgroup', inputs: { gradOutput: [64], y: probabilities(64) } },
    { why: 'one element over a workgroup', inputs: { gradOutput: [5, 13], y: probabilities(5, 13) } },
    {
      why: 'saturated: no gradient at 0 and 1; keeps NaN',
      inputs: { gradOutput: [4], y: { shape: [4], values: [0, 1, 0.5, Number.NaN] } },
    },
    {
      why: 'rejects shapes that differ',
      inputs: { gradOutput: [2, 3], y: [3, 2] },
      error: 'sigmoid_backward: gradOutput and y must have the same shape (gradOutput [2, 3], y [3, 2])',
    },
  ],
  perf: [{ inputs: { gradOutput: [256, 2048], y: probabilities(256, 2048) } }],
});
