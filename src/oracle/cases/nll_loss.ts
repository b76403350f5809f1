import { nllLoss } from '../../kernels/nll_loss.ts';
import { caseTable, classNumbers, type InputSpecs } from '../case_table.ts';
import { nllLoss as reference } from '../reference/nll_loss.ts';

/** Returns log-probabilities from -5 to 0, and targets spread over the classes. */
function inputs(n: number, classes: number): InputSpecs {
  return {
    x: { shape: [n, classes], fill: (_, random) => -5 * random() },
    targets: classNumbers(n, classes),
  };
}

export default caseTable({
  kernel: nllLoss,
  reference,
  cases: [
    { why: 'a batch of 256, two classes', inputs: inputs(256, 2) },
    { why: 'a whole folder of X-rays: rounding errors must not accumulate', inputs: inputs(5856, 2) },
    { why: 'one image', inputs: inputs(1, 2) },
    { why: 'one class', inputs: inputs(3, 1) },
    { why: "ImageNet's classes", inputs: inputs(2, 1000) },
    { why: 'one row short of a chunk', inputs: inputs(63, 3) },
    { why: 'exactly one chunk', inputs: inputs(64, 3) },
    { why: 'one row over a chunk', inputs: inputs(65, 3) },
    {
      why: 'a target past the last class returns NaN',
      inputs: { ...inputs(3, 2), targets: { shape: [3], values: [0, 2, 1] } },
    },
    { why: 'a negative target returns NaN', inputs: { ...inputs(3, 2), targets: { shape: [3], values: [0, -1, 1] } } },
    {
      why: 'rejects an x that is not 2-D',
      inputs: { ...inputs(3, 2), x: [6] },
      error: 'nll_loss: x must be 2-D, got [6]',
    },
    {
      why: 'rejects fewer targets than rows',
      inputs: { ...inputs(3, 2), targets: [2] },
      error: 'nll_loss: targets must be [3], got [2] (x [3, 2], targets [2])',
    },
  ],
  perf: [{ inputs: inputs(256, 2) }],
});
