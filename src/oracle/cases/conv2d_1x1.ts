import { conv2d1x1 } from '../../kernels/conv2d_1x1.ts';
import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { caseTable } from '../case_table.ts';
import { packed, resnetCase, square } from '../conv2d_cases.ts';
import { conv2d as reference } from '../reference/conv2d.ts';

export default caseTable<Conv2dOptions>({
  kernel: conv2d1x1,
  reference,
  cases: [
    resnetCase('layer2.0.conv1, stride on the 1x1'),
    resnetCase('layer2.0.downsample.0'),
    resnetCase('layer3.0.conv1, stride on the 1x1'),
    resnetCase('layer3.0.downsample.0'),
    resnetCase('layer4.0.conv1, stride on the 1x1'),
    resnetCase('layer4.0.downsample.0'),
    resnetCase('layer4.1.conv1'),
    resnetCase('layer4.0.conv3'),
    { why: 'one pixel, one channel', inputs: { x: [1, 1, 1, 1], weight: packed(1, 1) }, options: square(1, 1) },
    { why: 'one pixel less than a tile', inputs: { x: [1, 5, 2, 3], weight: packed(8, 5) }, options: square(1, 8) },
    { why: 'one pixel more than a tile', inputs: { x: [1, 5, 2, 4], weight: packed(8, 5) }, options: square(1, 8) },
    {
      why: 'more channels than a tile, batch of two',
      inputs: { x: [2, 3, 3, 5], weight: packed(13, 3) },
      options: square(1, 13),
    },
    {
      why: 'stride 2 on odd sizes',
      inputs: { x: [2, 4, 7, 9], weight: packed(6, 4) },
      options: square(1, 6, { stride: 2 }),
    },
    {
      why: 'scale, shift, residual and relu',
      inputs: { x: [2, 6, 5, 5], weight: packed(12, 6), scale: [12], shift: [12], residual: [2, 12, 5, 5] },
      options: square(1, 12, { relu: true }),
    },
    {
      why: 'rejects a window that is not 1x1',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 72) },
      options: square(3, 8),
      error: 'conv2d_1x1: expected a 1x1 window without padding, got 3x3, padding 1',
    },
  ],
});
