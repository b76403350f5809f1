import { subsample2d } from '../../src/kernels/subsample2d.ts';
import { caseTable } from '../harness/cases.ts';
import { subsample2d as reference } from '../reference/subsample2d.ts';

export default caseTable<{ stride: number }>({
  kernel: subsample2d,
  reference,
  exact: true,
  cases: [
    { why: "layer2's downsample", inputs: { x: [1, 256, 56, 56] }, options: { stride: 2 } },
    { why: 'one pixel', inputs: { x: [1, 1, 1, 1] }, options: { stride: 2 } },
    { why: 'odd sizes, a batch of two', inputs: { x: [2, 3, 7, 9] }, options: { stride: 2 } },
    { why: 'stride 3, not square', inputs: { x: [1, 2, 5, 11] }, options: { stride: 3 } },
    { why: 'stride 1 copies', inputs: { x: [1, 2, 3, 4] }, options: { stride: 1 } },
    {
      why: 'x is not 4-D',
      inputs: { x: [8, 8] },
      options: { stride: 2 },
      error: 'subsample2d: x must be 4-D, got [8, 8]',
    },
  ],
});
