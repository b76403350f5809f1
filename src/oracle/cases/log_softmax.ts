import { logSoftmax } from '../../kernels/log_softmax.ts';
import { caseTable } from '../case_table.ts';
import { logSoftmax as reference } from '../reference/log_softmax.ts';

export default caseTable({
  kernel: logSoftmax,
  reference,
  cases: [
    { why: "the head's two classes, a batch of 256", inputs: { x: [256, 2] } },
    { why: "ImageNet's classes", inputs: { x: [1, 1000] } },
    { why: "ImageNet's classes, a batch of two", inputs: { x: [2, 1000] } },
    { why: 'a single class: log-probability 0', inputs: { x: [3, 1] } },
    { why: 'one row short of a workgroup', inputs: { x: [63, 3] } },
    { why: 'exactly one workgroup', inputs: { x: [64, 3] } },
    { why: 'one row over a workgroup', inputs: { x: [65, 3] } },
    { why: 'a prime number of classes', inputs: { x: [5, 37] } },
    { why: 'all negative', inputs: { x: { shape: [2, 7], fill: i => -1 - (i % 7) } } },
    { why: 'equal logits', inputs: { x: { shape: [2, 5], fill: () => 3 } } },
    {
      why: 'logits that overflow exp',
      inputs: { x: { shape: [2, 3], values: [1000, 999, 0, -1000, -1001, -3000] } },
    },
    {
      why: 'rows that are nearly certain, without the error of log near 1',
      inputs: { x: { shape: [6, 2], fill: i => (i % 2 ? 1 : 0) * (i - 5) * 3 } },
    },
    {
      why: 'a NaN makes its row NaN, and no other',
      inputs: { x: { shape: [3, 3], values: [1, Number.NaN, 2, Number.NaN, 1, 2, 1, 2, 3] } },
    },
    { why: 'a logit so low that its probability is 0', inputs: { x: { shape: [1, 2], values: [1, -3e38] } } },
    { why: 'rejects an x that is not 2-D', inputs: { x: [2] }, error: 'log_softmax: x must be 2-D, got [2]' },
  ],
  perf: [{ inputs: { x: [256, 2] } }],
});
