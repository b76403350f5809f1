import { minMax } from '../../kernels/min_max.ts';
import { caseTable } from '../case_table.ts';
import { minMax as reference } from '../reference/min_max.ts';

export default caseTable({
  kernel: minMax,
  reference,
  exact: true,
  cases: [
    { why: "a map of the image's size", inputs: { x: [1, 224, 224] } },
    { why: 'a batch of two', inputs: { x: [2, 7, 7] } },
    { why: 'one pixel', inputs: { x: [1, 1, 1] } },
    { why: 'not square', inputs: { x: [3, 2, 13] } },
    { why: 'one map short of a workgroup', inputs: { x: [63, 1, 5] } },
    { why: 'exactly one workgroup', inputs: { x: [64, 1, 5] } },
    { why: 'one map over a workgroup', inputs: { x: [65, 1, 5] } },
    { why: 'all negative', inputs: { x: { shape: [2, 3, 3], fill: i => -1 - (i % 7) } } },
    { why: 'all positive', inputs: { x: { shape: [2, 3, 3], fill: i => 1 + (i % 7) } } },
    { why: 'a constant map', inputs: { x: { shape: [1, 3, 3], fill: () => 0.25 } } },
    {
      why: 'a NaN makes the result of its map NaN, and no other',
      inputs: { x: { shape: [2, 2, 2], values: [1, 2, 3, 4, 5, Number.NaN, 7, 8] } },
    },
    { why: 'rejects an x that is not 3-D', inputs: { x: [7, 7] }, error: 'min_max: x must be 3-D, got [7, 7]' },
  ],
  perf: [{ inputs: { x: [1, 224, 224] } }],
});
