import { conv2d } from '../../kernels/conv2d.ts';
import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { caseTable } from '../case_table.ts';
import { packed, resnetCase, square } from '../conv2d_cases.ts';
import { conv2d as reference } from '../reference/conv2d.ts';

export default caseTable<Conv2dOptions>({
  kernel: conv2d,
  reference,
  cases: [
    resnetCase('conv1'),
    resnetCase('layer2.0.conv2'),
    resnetCase('layer3.0.conv2'),
    resnetCase('layer4.0.conv2'),
    { why: 'one pixel, one channel', inputs: { x: [1, 1, 1, 1], weight: packed(1, 1) }, options: square(1, 1) },
    {
      why: 'batch of two, prime sizes, channels not divisible by 4',
      inputs: { x: [2, 5, 11, 13], weight: packed(7, 45) },
      options: square(3, 7, { stride: 2 }),
    },
    {
      why: 'a 5x3 window',
      inputs: { x: [1, 2, 9, 8], weight: packed(3, 30) },
      options: { outChannels: 3, kernelSize: [5, 3], stride: 1, padding: 1 },
    },
    {
      why: 'stride 3, wide padding',
      inputs: { x: [1, 3, 10, 17], weight: packed(9, 147) },
      options: { outChannels: 9, kernelSize: [7, 7], stride: 3, padding: 3 },
    },
    {
      why: 'scale, shift, residual and relu',
      inputs: { x: [2, 3, 6, 6], weight: packed(10, 27), scale: [10], shift: [10], residual: [2, 10, 3, 3] },
      options: square(3, 10, { stride: 2, relu: true }),
    },
    {
      why: 'a residual without relu keeps negative sums',
      inputs: { x: [1, 2, 5, 5], weight: packed(8, 18), residual: { shape: [1, 8, 5, 5], fill: i => -1 - i } },
      options: square(3, 8),
    },
    {
      why: 'relu keeps a NaN of x',
      inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) }, weight: packed(2, 1) },
      options: { outChannels: 2, kernelSize: [1, 1], stride: 1, padding: 1, relu: true },
    },
    {
      why: 'rejects a weight with other channels',
      inputs: { x: [1, 64, 56, 56], weight: packed(64, 32) },
      options: square(1, 64),
      error:
        'conv2d: packed weight does not fit 64 channels and 64 outputs at 1x1, expected [8, 64, 8] (x [1, 64, 56, 56], weight [8, 32, 8])',
    },
    {
      why: 'rejects a residual of another shape',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8), residual: [1, 8, 2, 2] },
      options: square(1, 8),
      error: 'conv2d: residual must be [1, 8, 4, 4] (residual [1, 8, 2, 2])',
    },
  ],
});
