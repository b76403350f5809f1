import { relu } from '../../kernels/relu.ts';
import { caseTable } from '../case_table.ts';
import { relu as reference } from '../reference/relu.ts';

export default caseTable({
  kernel: relu,
  reference,
  exact: true,
  cases: [
    { why: "ResNet's stem", inputs: { x: [1, 64, 112, 112] } },
    { why: 'a batch of two', inputs: { x: [2, 3, 5, 7] } },
    { why: 'one element', inputs: { x: [1] } },
    { why: 'one element short of a workgroup', inputs: { x: [63] } },
    { why: 'exactly one workgroup', inputs: { x: [64] } },
    { why: 'one element over a workgroup', inputs: { x: [65] } },
    { why: 'a prime size', inputs: { x: [1009] } },
    { why: 'all negative', inputs: { x: { shape: [2, 50], fill: i => -1 - i } } },
    {
      why: 'keeps NaN; -Infinity, both zeros and the smallest normal numbers',
      inputs: { x: { shape: [8], values: [Number.NaN, -Infinity, 0, -0, 1.1754944e-38, -1.1754944e-38, 1, -1] } },
    },
  ],
  perf: [{ inputs: { x: [1, 64, 112, 112] }, flop: 64 * 112 * 112 }],
});
