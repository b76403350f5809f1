import { relu } from '../../kernels/relu.ts';
import { caseTable } from '../case_table.ts';
import { relu as reference } from '../reference/relu.ts';

const options = {};

export default caseTable<Record<string, never>>({
  kernel: relu,
  reference,
  exact: true,
  cases: [
    { why: "ResNet's stem", inputs: { x: [1, 64, 112, 112] }, options },
    { why: 'a batch of two', inputs: { x: [2, 3, 5, 7] }, options },
    { why: 'one element', inputs: { x: [1] }, options },
    { why: 'one short of a workgroup', inputs: { x: [63] }, options },
    { why: 'exactly one workgroup', inputs: { x: [64] }, options },
    { why: 'one over a workgroup', inputs: { x: [65] }, options },
    { why: 'a prime size', inputs: { x: [1009] }, options },
    { why: 'all negative', inputs: { x: { shape: [2, 50], fill: i => -1 - i } }, options },
    {
      why: 'NaN surfaces; minus infinity, zeros and the smallest numbers',
      inputs: { x: { shape: [8], values: [Number.NaN, -Infinity, 0, -0, 1.1754944e-38, -1.1754944e-38, 1, -1] } },
      options,
    },
  ],
});
