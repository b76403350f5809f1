import { conv2d1x1Quads } from '../../kernels/conv2d_1x1.ts';
import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { caseTable } from '../case_table.ts';
import { quadCases, resnetCase } from '../conv2d_cases.ts';
import { conv2d as reference } from '../reference/conv2d.ts';

export default caseTable<Conv2dOptions>({
  kernel: conv2d1x1Quads,
  reference,
  cases: [
    resnetCase('layer1.0.conv1'),
    resnetCase('layer1.1.conv1'),
    resnetCase('layer1.0.conv3'),
    resnetCase('layer2.0.conv1'),
    resnetCase('layer2.1.conv1'),
    resnetCase('layer2.0.conv3'),
    resnetCase('layer3.0.conv1'),
    resnetCase('layer3.1.conv1'),
    resnetCase('layer3.0.conv3'),
    resnetCase('layer4.0.conv1'),
    ...quadCases('conv2d_1x1_quads'),
  ],
});
