import { conv2d3x3 } from '../../kernels/conv2d.ts';
import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { caseTable } from '../case_table.ts';
import { packed, resnetCase, square } from '../conv2d_cases.ts';
import { conv2d as reference } from '../reference/conv2d.ts';

export default caseTable<Conv2dOptions>({
  kernel: conv2d3x3,
  reference,
  cases: [
    ...[1, 2, 3, 4].map(layer => resnetCase(`layer${layer}.1.conv2`)),
    {
      why: 'one pixel, surrounded by padding',
      inputs: { x: [1, 1, 1, 1], weight: packed(1, 9) },
      options: square(3, 1),
    },
    {
      why: 'rows of one pixel less than a tile',
      inputs: { x: [1, 2, 3, 6], weight: packed(8, 18) },
      options: square(3, 8),
    },
    {
      why: 'rows of two tiles and one pixel',
      inputs: { x: [1, 2, 4, 15], weight: packed(8, 18) },
      options: square(3, 8),
    },
    { why: 'no padding', inputs: { x: [1, 3, 6, 9], weight: packed(5, 27) }, options: square(3, 5, { padding: 0 }) },
    {
      why: 'padding of 2, batch of three, more channels than a tile',
      inputs: { x: [3, 2, 5, 4], weight: packed(11, 18) },
      options: square(3, 11, { padding: 2 }),
    },
    {
      why: 'scale, shift, residual and relu',
      inputs: { x: [2, 3, 8, 8], weight: packed(9, 27), scale: [9], shift: [9], residual: [2, 9, 8, 8] },
      options: square(3, 9, { relu: true }),
    },
    {
      why: 'rejects stride 2',
      inputs: { x: [1, 8, 8, 8], weight: packed(8, 72) },
      options: square(3, 8, { stride: 2 }),
      error: 'conv2d_3x3: expected a 3x3 window at stride 1, got 3x3 at stride 2',
    },
  ],
});
