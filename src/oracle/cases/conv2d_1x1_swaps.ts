import { conv2d1x1Swaps } from '../../kernels/conv2d_1x1.ts';
import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { caseTable } from '../case_table.ts';
import { packed, quadCases, resnetCase, square } from '../conv2d_cases.ts';
import { conv2d as reference } from '../reference/conv2d.ts';

export default caseTable<Conv2dOptions>({
  kernel: conv2d1x1Swaps,
  reference,
  cases: [
    // The other layers of ResNet return the bits of conv2d_1x1_quads (test/nn/subgroups.test.ts).
    resnetCase('layer1.0.conv1'),
    resnetCase('layer1.1.conv1'),
    resnetCase('layer1.0.conv3'),
    ...quadCases('conv2d_1x1_swaps'),
    ...[17, 31, 33, 64, 65].map(outChannels => ({
      why: `${outChannels} channels: partial quads and pairs`,
      inputs: { x: [2, 3, 3, 4], weight: packed(outChannels, 3) },
      options: square(1, outChannels),
    })),
    ...[4, 8, 12, 16, 20].map(width => ({
      why: `${width} pixels: partial quads and pairs`,
      inputs: { x: [3, 2, 1, width], weight: packed(19, 2), residual: [3, 19, 1, width] },
      options: square(1, 19),
    })),
  ],
});
