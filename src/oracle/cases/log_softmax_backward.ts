import { logSoftmaxBackward } from '../../kernels/log_softmax_backward.ts';
import { caseTable } from '../case_table.ts';
import { logSoftmaxBackward as reference } from '../reference/log_softmax_backward.ts';

const options = {};
/** Log-probabilities of K equal classes. */
const even = (N: number, K: number) => ({ shape: [N, K], fill: () => -Math.log(K) });

export default caseTable<Record<string, never>>({
  kernel: logSoftmaxBackward,
  reference,
  cases: [
    { why: 'a batch of the head', inputs: { gradOutput: [256, 2], y: even(256, 2) }, options },
    { why: 'any y, as long as exp(y) is finite', inputs: { gradOutput: [9, 5], y: [9, 5] }, options },
    { why: 'one class', inputs: { gradOutput: [1, 1], y: even(1, 1) }, options },
    { why: 'one row short of a workgroup', inputs: { gradOutput: [15, 3], y: even(15, 3) }, options },
    { why: 'one row over a workgroup', inputs: { gradOutput: [17, 3], y: even(17, 3) }, options },
    { why: "ImageNet's thousand classes", inputs: { gradOutput: [2, 1000], y: even(2, 1000) }, options },
    {
      why: 'certain: exp(y) is 0 and 1',
      inputs: { gradOutput: [1, 2], y: { shape: [1, 2], values: [-200, 0] } },
      options,
    },
    {
      why: 'y of another shape',
      inputs: { gradOutput: [2, 3], y: [3, 2] },
      options,
      error: 'log_softmax_backward: gradOutput and y must have the same shape (gradOutput [2, 3], y [3, 2])',
    },
  ],
});
