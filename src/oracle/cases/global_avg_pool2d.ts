import { globalAvgPool2d } from '../../kernels/global_avg_pool2d.ts';
import { caseTable } from '../case_table.ts';
import { globalAvgPool2d as reference } from '../reference/global_avg_pool2d.ts';

const options = {};

export default caseTable<Record<string, never>>({
  kernel: globalAvgPool2d,
  reference,
  cases: [
    { why: "ResNet's layer4", inputs: { x: [1, 2048, 7, 7] }, options },
    { why: "ResNet-18's layer4, a batch of two", inputs: { x: [2, 512, 7, 7] }, options },
    { why: 'one pixel', inputs: { x: [1, 1, 1, 1] }, options },
    { why: 'not square', inputs: { x: [1, 5, 3, 17] }, options },
    { why: 'one plane short of a workgroup', inputs: { x: [1, 63, 2, 2] }, options },
    { why: 'exactly one workgroup', inputs: { x: [1, 64, 2, 2] }, options },
    { why: 'one plane over a workgroup', inputs: { x: [1, 65, 2, 2] }, options },
    { why: 'all negative', inputs: { x: { shape: [1, 3, 7, 7], fill: i => -1 - (i % 7) } }, options },
    {
      why: 'a large plane far from zero: rounding must not pile up',
      inputs: { x: { shape: [1, 2, 112, 112], fill: (_, random) => 1000 + random() } },
      options,
    },
    {
      why: 'x is not 4-D',
      inputs: { x: [2048, 7, 7] },
      options,
      error: 'global_avg_pool2d: x must be 4-D, got [2048, 7, 7]',
    },
  ],
});
