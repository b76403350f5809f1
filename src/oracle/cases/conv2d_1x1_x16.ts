import { conv2d1x1X16 } from '../../kernels/conv2d_1x1.ts';
import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { caseTable } from '../case_table.ts';
import { packed, resnetCase, square } from '../conv2d_cases.ts';
import { conv2d as reference } from '../reference/conv2d.ts';

export default caseTable<Conv2dOptions>({
  kernel: conv2d1x1X16,
  reference,
  cases: [
    // One layer per size of plane. The others differ only in the lengths of loops.
    resnetCase('layer1.0.conv1', { channelBlock: 6 }),
    resnetCase('layer2.1.conv1', { channelBlock: 6 }),
    resnetCase('layer3.1.conv1', { channelBlock: 6 }),
    resnetCase('layer4.1.conv1', { channelBlock: 6 }),
    { why: 'exactly one tile of pixels', inputs: { x: [1, 3, 4, 4], weight: packed(6, 3, 6) }, options: square(1, 6) },
    ...[1, 4, 7, 8, 15].map(width => ({
      why: `fewer pixels than a tile: ${width}`,
      inputs: { x: [2, 5, 1, width], weight: packed(8, 5, 6) },
      options: square(1, 8),
    })),
    ...[1, 3, 4, 5, 8, 9, 12, 15].map(over => ({
      why: `one tile and ${over} pixels: the last tile overlaps the one before it`,
      inputs: { x: [1, 5, 1, 16 + over], weight: packed(13, 5, 6), residual: [1, 13, 1, 16 + over] },
      options: square(1, 13),
    })),
    {
      why: 'scale, shift, residual and relu, overlapping tiles',
      inputs: { x: [2, 6, 6, 5], weight: packed(10, 6, 6), scale: [10], shift: [10], residual: [2, 10, 6, 5] },
      options: square(1, 10, { relu: true }),
    },
    {
      why: 'relu keeps a NaN of x',
      inputs: { x: { shape: [1, 1, 5, 5], fill: i => (i === 14 ? Number.NaN : i) }, weight: packed(2, 1, 6) },
      options: square(1, 2, { relu: true }),
    },
    {
      why: 'rejects weights packed for other variants',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8) },
      options: square(1, 8),
      error: 'conv2d_1x1_x16: weight must have channel blocks of 6, got 8 (weight [1, 8, 8])',
    },
  ],
});
