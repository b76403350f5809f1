import { sigmoid } from '../../kernels/sigmoid.ts';
import { caseTable } from '../case_table.ts';
import { sigmoid as reference } from '../reference/sigmoid.ts';

export default caseTable({
  kernel: sigmoid,
  reference,
  cases: [
    { why: 'logits of fourteen findings, a batch of 256', inputs: { x: [256, 14] } },
    { why: 'one element', inputs: { x: [1] } },
    { why: 'one element short of a workgroup', inputs: { x: [63] } },
    { why: 'exactly one workgroup', inputs: { x: [8, 8] } },
    { why: 'one element over a workgroup', inputs: { x: [5, 13] } },
    { why: 'a prime size', inputs: { x: [1009] } },
    { why: 'all negative', inputs: { x: { shape: [2, 50], fill: i => -1 - i / 10 } } },
    { why: 'zero is exactly one half', inputs: { x: { shape: [2], values: [0, -0] } } },
    {
      why: 'values whose exp overflows, or rounds to 0',
      inputs: { x: { shape: [8], values: [88, -88, 89, -89, 1000, -1000, 3e38, -3e38] } },
    },
    {
      why: 'keeps NaN; 1 and 0 for infinities',
      inputs: { x: { shape: [4], values: [Number.NaN, Infinity, -Infinity, 1] } },
    },
  ],
  perf: [{ inputs: { x: [256, 2048] } }],
});
