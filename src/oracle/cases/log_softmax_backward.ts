import { logSoftmaxBackward } from '../../kernels/log_softmax_backward.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { logSoftmaxBackward as reference } from '../reference/log_softmax_backward.ts';

/** Returns the log-probabilities of equal classes. */
const even = (rows: number, classes: number): InputSpec => ({ shape: [rows, classes], fill: () => -Math.log(classes) });

export default caseTable({
  kernel: logSoftmaxBackward,
  reference,
  cases: [
    { why: 'a batch of the head', inputs: { gradOutput: [256, 2], y: even(256, 2) } },
    { why: 'any y whose exp(y) is finite', inputs: { gradOutput: [9, 5], y: [9, 5] } },
    { why: 'one class', inputs: { gradOutput: [1, 1], y: even(1, 1) } },
    { why: 'one row short of a workgroup', inputs: { gradOutput: [15, 3], y: even(15, 3) } },
    { why: 'one row over a workgroup', inputs: { gradOutput: [17, 3], y: even(17, 3) } },
    { why: "ImageNet's 1000 classes", inputs: { gradOutput: [2, 1000], y: even(2, 1000) } },
    {
      why: 'certain: exp(y) is 0 and 1',
      inputs: { gradOutput: [1, 2], y: { shape: [1, 2], values: [-200, 0] } },
    },
    {
      why: 'rejects a y of another shape',
      inputs: { gradOutput: [2, 3], y: [3, 2] },
      error: 'log_softmax_backward: gradOutput and y must have the same shape (gradOutput [2, 3], y [3, 2])',
    },
  ],
  perf: [{ inputs: { gradOutput: [256, 2], y: even(256, 2) } }],
});
