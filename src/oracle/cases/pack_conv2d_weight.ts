import { packConv2dWeight } from '../../kernels/conv2d.ts';
import { caseTable } from '../case_table.ts';
import { packConv2dWeight as reference } from '../reference/conv2d.ts';

export default caseTable<{ channelBlock?: number }>({
  kernel: packConv2dWeight,
  reference,
  exact: true,
  cases: [
    { why: 'one weight', inputs: { weight: [1, 1, 1, 1] } },
    { why: 'less than a block of channels', inputs: { weight: [7, 3, 1, 1] } },
    { why: 'more than a block of channels', inputs: { weight: [9, 2, 3, 3] } },
    { why: 'blocks of 6 channels', inputs: { weight: [13, 2, 3, 1] }, options: { channelBlock: 6 } },
    { why: 'the 7x7 of the stem', inputs: { weight: [64, 3, 7, 7] } },
    { why: 'more workgroups than fit one row of the grid', inputs: { weight: [2048, 2049, 1, 1] } },
    {
      why: 'rejects a weight that is not 4-D',
      inputs: { weight: [8, 8] },
      error: 'pack_conv2d_weight: weight must be 4-D, got [8, 8]',
    },
  ],
  perf: [{ inputs: { weight: [1024, 256, 1, 1] } }],
});
