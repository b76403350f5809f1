import { globalAvgPool2d } from '../../kernels/global_avg_pool2d.ts';
import { caseTable } from '../case_table.ts';
import { globalAvgPool2d as reference } from '../reference/global_avg_pool2d.ts';

export default caseTable({
  kernel: globalAvgPool2d,
  reference,
  cases: [
    { why: "ResNet's layer4", inputs: { x: [1, 2048, 7, 7] } },
    { why: "ResNet-18's layer4, a batch of two", inputs: { x: [2, 512, 7, 7] } },
    { why: 'one pixel', inputs: { x: [1, 1, 1, 1] } },
    { why: 'not square', inputs: { x: [1, 5, 3, 17] } },
    { why: 'one plane short of a workgroup', inputs: { x: [1, 63, 2, 2] } },
    { why: 'exactly one workgroup', inputs: { x: [1, 64, 2, 2] } },
    { why: 'one plane over a workgroup', inputs: { x: [1, 65, 2, 2] } },
    { why: 'all negative', inputs: { x: { shape: [1, 3, 7, 7], fill: i => -1 - (i % 7) } } },
    {
      why: 'a large plane far from zero: rounding errors must not accumulate',
      inputs: { x: { shape: [1, 2, 112, 112], fill: (_, random) => 1000 + random() } },
    },
    {
      why: 'rejects an x that is not 4-D',
      inputs: { x: [2048, 7, 7] },
      error: 'global_avg_pool2d: x must be 4-D, got [2048, 7, 7]',
    },
  ],
  perf: [{ inputs: { x: [1, 2048, 7, 7] }, flop: 2048 * 49, modules: ['avgpool'] }],
});
