import { type NllLossBackwardOptions, nllLossBackward } from '../../kernels/nll_loss_backward.ts';
import { caseTable, classNumbers } from '../case_table.ts';
import { nllLossBackward as reference } from '../reference/nll_loss_backward.ts';

export default caseTable<NllLossBackwardOptions>({
  kernel: nllLossBackward,
  reference,
  cases: [
    {
      why: 'a batch of the head',
      inputs: { targets: classNumbers(256, 2), gradOutput: [1] },
      options: { classes: 2 },
    },
    { why: 'every size 1', inputs: { targets: classNumbers(1, 1), gradOutput: [1] }, options: { classes: 1 } },
    {
      why: 'one element short of a workgroup',
      inputs: { targets: classNumbers(21, 3), gradOutput: [1] },
      options: { classes: 3 },
    },
    {
      why: 'one element over a workgroup',
      inputs: { targets: classNumbers(13, 5), gradOutput: [1] },
      options: { classes: 5 },
    },
    {
      why: 'a target past the last class has no gradient',
      inputs: { targets: { shape: [3], values: [0, 2, 1] }, gradOutput: [1] },
      options: { classes: 2 },
    },
    {
      why: 'rejects targets that are not 1-D',
      inputs: { targets: [4, 2], gradOutput: [1] },
      options: { classes: 2 },
      error: 'nll_loss_backward: targets must be 1-D, got [4, 2]',
    },
    {
      why: 'rejects one loss per row',
      inputs: { targets: [4], gradOutput: [4] },
      options: { classes: 2 },
      error: 'nll_loss_backward: gradOutput must be [1], got [4]',
    },
  ],
  perf: [{ inputs: { targets: classNumbers(256, 2), gradOutput: [1] }, options: { classes: 2 } }],
});
