import { conv2d1x1X8 } from '../../kernels/conv2d_1x1.ts';
import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { caseTable } from '../case_table.ts';
import { packed, resnetCase, square } from '../conv2d_cases.ts';
import { conv2d as reference } from '../reference/conv2d.ts';

/** Every 1x1 convolution of ResNet-152 at stride 1. */
const STRIDE_1 = [
  'layer1.0.conv1',
  'layer1.1.conv1',
  'layer1.0.conv3',
  'layer2.0.conv1',
  'layer2.1.conv1',
  'layer2.0.conv3',
  'layer3.0.conv1',
  'layer3.1.conv1',
  'layer3.0.conv3',
  'layer4.0.conv1',
  'layer4.1.conv1',
  'layer4.0.conv3',
];

export default caseTable<Conv2dOptions>({
  kernel: conv2d1x1X8,
  reference,
  cases: [
    ...STRIDE_1.map(module => resnetCase(module, { channelBlock: 6 })),
    { why: 'one pixel, one channel', inputs: { x: [1, 1, 1, 1], weight: packed(1, 1, 6) }, options: square(1, 1) },
    { why: 'exactly one tile of pixels', inputs: { x: [1, 3, 2, 4], weight: packed(6, 3, 6) }, options: square(1, 6) },
    { why: 'fewer pixels than a tile', inputs: { x: [2, 5, 1, 7], weight: packed(8, 5, 6) }, options: square(1, 8) },
    {
      why: 'one and a half tiles: the last tile overlaps the one before it',
      inputs: { x: [1, 5, 3, 4], weight: packed(8, 5, 6) },
      options: square(1, 8),
    },
    {
      why: 'blocks of 4 channels, one pixel more than two tiles',
      inputs: { x: [1, 5, 1, 17], weight: packed(8, 5, 4) },
      options: square(1, 8),
    },
    {
      why: 'a partial block of channels, batch of two',
      inputs: { x: [2, 5, 4, 5], weight: packed(13, 5, 6) },
      options: square(1, 13),
    },
    ...[4, 6].map(tile => ({
      why: `scale, shift, residual and relu, blocks of ${tile} channels, overlapping tiles`,
      inputs: { x: [2, 6, 6, 5], weight: packed(10, 6, tile), scale: [10], shift: [10], residual: [2, 10, 6, 5] },
      options: square(1, 10, { relu: true }),
    })),
    {
      why: 'relu keeps a NaN of x',
      inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) }, weight: packed(2, 1, 6) },
      options: square(1, 2, { relu: true }),
    },
    {
      why: 'rejects stride 2',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8, 6) },
      options: square(1, 8, { stride: 2 }),
      error: 'conv2d_1x1_x8: expected a 1x1 window at stride 1 without padding, got 1x1 at stride 2, padding 0',
    },
    {
      why: 'rejects weights packed for other variants',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8) },
      options: square(1, 8),
      error: 'conv2d_1x1_x8: weight must have channel blocks of 4 or 6, got 8 (weight [1, 8, 8])',
    },
  ],
});
