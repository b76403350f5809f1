import { winogradWeight } from '../../kernels/winograd_weight.ts';
import { caseTable } from '../case_table.ts';
import { winogradWeight as reference } from '../reference/winograd_weight.ts';

export default caseTable<{ channelBlock?: number }>({
  kernel: winogradWeight,
  reference,
  cases: [
    { why: 'one window', inputs: { weight: [1, 1, 3, 3] } },
    { why: 'less than a block of channels', inputs: { weight: [7, 3, 3, 3] } },
    { why: 'more than a block of channels', inputs: { weight: [9, 5, 3, 3] } },
    { why: 'blocks of 6 channels', inputs: { weight: [13, 2, 3, 3] }, options: { channelBlock: 6 } },
    { why: 'blocks of 4 channels', inputs: { weight: [5, 3, 3, 3] }, options: { channelBlock: 4 } },
    ...[64, 128, 256, 512].map(channels => ({
      why: `resnet152, ${channels} channels`,
      large: true,
      inputs: { weight: [channels, channels, 3, 3] },
    })),
    {
      why: 'rejects a window that is not 3x3',
      inputs: { weight: [8, 8, 1, 1] },
      error: 'winograd_weight: weight must be [O, C, 3, 3], got [8, 8, 1, 1]',
    },
  ],
  perf: [{ inputs: { weight: [512, 512, 3, 3] } }],
});
