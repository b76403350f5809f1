import { winogradWeight } from '../../src/kernels/winograd_weight.ts';
import { caseTable } from '../harness/cases.ts';
import { winogradWeight as reference } from '../reference/winograd_weight.ts';

export default caseTable<Record<never, never>>({
  kernel: winogradWeight,
  reference,
  cases: [
    { why: 'one window', inputs: { weight: [1, 1, 3, 3] }, options: {} },
    { why: 'channels short of a tile', inputs: { weight: [7, 3, 3, 3] }, options: {} },
    { why: 'channels over a tile', inputs: { weight: [9, 5, 3, 3] }, options: {} },
    ...[64, 128, 256, 512].map(channels => ({
      why: `resnet152, ${channels} channels`,
      inputs: { weight: [channels, channels, 3, 3] },
      options: {},
    })),
    {
      why: 'a window that is not 3x3',
      inputs: { weight: [8, 8, 1, 1] },
      options: {},
      error: 'winograd_weight: weight must be [O, C, 3, 3], got [8, 8, 1, 1]',
    },
  ],
});
