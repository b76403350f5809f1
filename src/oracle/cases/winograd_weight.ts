import { winograd2x2Weight, winogradWeight } from '../../kernels/winograd_weight.ts';
import { caseTable } from '../case_table.ts';
import { winogradWeight as reference, winograd2x2Weight as reference2x2 } from '../reference/winograd_weight.ts';

export const weight2x2 = caseTable<{ tile?: number }>({
  kernel: winograd2x2Weight,
  reference: reference2x2,
  cases: [
    { why: 'one window', inputs: { weight: [1, 1, 3, 3] }, options: {} },
    { why: 'channels short of a tile', inputs: { weight: [7, 3, 3, 3] }, options: {} },
    { why: 'tiles of 16 channels', inputs: { weight: [33, 5, 3, 3] }, options: { tile: 16 } },
    { why: 'resnet152, 256 channels', inputs: { weight: [256, 256, 3, 3] }, options: {} },
    {
      why: 'a window that is not 3x3',
      inputs: { weight: [8, 8, 1, 1] },
      options: {},
      error: 'winograd_2x2_weight: weight must be [O, C, 3, 3], got [8, 8, 1, 1]',
    },
  ],
});

export default caseTable<{ tile?: number }>({
  kernel: winogradWeight,
  reference,
  cases: [
    { why: 'one window', inputs: { weight: [1, 1, 3, 3] }, options: {} },
    { why: 'channels short of a tile', inputs: { weight: [7, 3, 3, 3] }, options: {} },
    { why: 'channels over a tile', inputs: { weight: [9, 5, 3, 3] }, options: {} },
    { why: 'tiles of 6 channels', inputs: { weight: [13, 2, 3, 3] }, options: { tile: 6 } },
    { why: 'tiles of 4 channels', inputs: { weight: [5, 3, 3, 3] }, options: { tile: 4 } },
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
