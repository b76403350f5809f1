import { grayscale } from '../../kernels/grayscale.ts';
import { caseTable, pixels } from '../case_table.ts';
import { grayscale as reference } from '../reference/grayscale.ts';

export default caseTable({
  kernel: grayscale,
  reference,
  exact: true,
  cases: [
    { why: 'a photo', inputs: { x: pixels(3, 224, 224) } },
    { why: 'grey stays as it is', inputs: { x: { shape: [3, 16, 16], fill: i => i % 256 } } },
    { why: 'one pixel', inputs: { x: pixels(3, 1, 1) } },
    { why: 'one pixel short of a workgroup', inputs: { x: pixels(3, 7, 9) } },
    { why: 'exactly one workgroup', inputs: { x: pixels(3, 8, 8) } },
    { why: 'one pixel over a workgroup', inputs: { x: pixels(3, 5, 13) } },
    {
      why: 'rejects an x that is not 3-D',
      inputs: { x: pixels(1, 3, 8, 8) },
      error: 'grayscale: x must be 3-D, got [1, 3, 8, 8]',
    },
    {
      why: 'rejects an x of one channel',
      inputs: { x: pixels(1, 8, 8) },
      error: 'grayscale: x must have 3 channels, got 1 (x [1, 8, 8])',
    },
  ],
  perf: [{ inputs: { x: pixels(3, 224, 224) } }],
});
