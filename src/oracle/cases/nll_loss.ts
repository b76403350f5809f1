import { nllLoss } from '../../kernels/nll_loss.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { nllLoss as reference } from '../reference/nll_loss.ts';

const options = {};

/** Log-probabilities down to -5, and targets spread over the classes. */
function inputs(n: number, classes: number): Record<string, InputSpec> {
  return {
    x: { shape: [n, classes], fill: (_, random) => -5 * random() },
    targets: { shape: [n], fill: i => (i * 7) % classes },
  };
}

export default caseTable<Record<string, never>>({
  kernel: nllLoss,
  reference,
  cases: [
    { why: 'a batch of 256, two classes', inputs: inputs(256, 2), options },
    { why: 'a whole folder of X-rays: rounding must not pile up', inputs: inputs(5856, 2), options },
    { why: 'one image', inputs: inputs(1, 2), options },
    { why: 'one class', inputs: inputs(3, 1), options },
    { why: "ImageNet's classes", inputs: inputs(2, 1000), options },
    { why: 'one short of a chunk', inputs: inputs(63, 3), options },
    { why: 'exactly one chunk', inputs: inputs(64, 3), options },
    { why: 'one over a chunk', inputs: inputs(65, 3), options },
    {
      why: 'a target that is no class surfaces as NaN',
      inputs: { ...inputs(3, 2), targets: { shape: [3], values: [0, 2, 1] } },
      options,
    },
    { why: 'a negative target too', inputs: { ...inputs(3, 2), targets: { shape: [3], values: [0, -1, 1] } }, options },
    { why: 'x is not 2-D', inputs: { ...inputs(3, 2), x: [6] }, options, error: 'nll_loss: x must be 2-D, got [6]' },
    {
      why: 'fewer targets than rows',
      inputs: { ...inputs(3, 2), targets: [2] },
      options,
      error: 'nll_loss: targets must be [3], got [2] (x [3, 2], targets [2])',
    },
  ],
});
