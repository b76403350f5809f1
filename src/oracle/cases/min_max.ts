import { minMax } from '../../kernels/min_max.ts';
import { caseTable } from '../case_table.ts';
import { minMax as reference } from '../reference/min_max.ts';

const options = {};

export default caseTable<Record<string, never>>({
  kernel: minMax,
  reference,
  exact: true,
  cases: [
    { why: 'a map of the image', inputs: { x: [1, 224, 224] }, options },
    { why: 'a batch of two', inputs: { x: [2, 7, 7] }, options },
    { why: 'one pixel', inputs: { x: [1, 1, 1] }, options },
    { why: 'not square', inputs: { x: [3, 2, 13] }, options },
    { why: 'one map short of a workgroup', inputs: { x: [63, 1, 5] }, options },
    { why: 'exactly one workgroup', inputs: { x: [64, 1, 5] }, options },
    { why: 'one map over a workgroup', inputs: { x: [65, 1, 5] }, options },
    { why: 'all negative', inputs: { x: { shape: [2, 3, 3], fill: i => -1 - (i % 7) } }, options },
    { why: 'all positive', inputs: { x: { shape: [2, 3, 3], fill: i => 1 + (i % 7) } }, options },
    { why: 'constant', inputs: { x: { shape: [1, 3, 3], fill: () => 0.25 } }, options },
    {
      why: 'a NaN surfaces, in its map alone',
      inputs: { x: { shape: [2, 2, 2], values: [1, 2, 3, 4, 5, Number.NaN, 7, 8] } },
      options,
    },
    { why: 'x is not 3-D', inputs: { x: [7, 7] }, options, error: 'min_max: x must be 3-D, got [7, 7]' },
  ],
});
