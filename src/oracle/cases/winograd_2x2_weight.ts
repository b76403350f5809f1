import { winograd2x2Weight } from '../../kernels/winograd_weight.ts';
import { caseTable } from '../case_table.ts';
import { winograd2x2Weight as reference } from '../reference/winograd_weight.ts';

export default caseTable<{ channelBlock?: number }>({
  kernel: winograd2x2Weight,
  reference,
  cases: [
    { why: 'one window', inputs: { weight: [1, 1, 3, 3] } },
    { why: 'less than a block of channels', inputs: { weight: [7, 3, 3, 3] } },
    { why: 'blocks of 16 channels', inputs: { weight: [33, 5, 3, 3] }, options: { channelBlock: 16 } },
    { why: 'resnet152, 256 channels', large: true, inputs: { weight: [256, 256, 3, 3] } },
    {
      why: 'rejects a window that is not 3x3',
      inputs: { weight: [8, 8, 1, 1] },
      error: 'winograd_2x2_weight: weight must be [O, C, 3, 3], got [8, 8, 1, 1]',
    },
  ],
  perf: [{ inputs: { weight: [256, 256, 3, 3] } }],
});
