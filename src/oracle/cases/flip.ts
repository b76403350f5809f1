import { type FlipOptions, flip } from '../../kernels/flip.ts';
import { caseTable } from '../case_table.ts';
import { flip as reference } from '../reference/flip.ts';

const horizontal: FlipOptions = { horizontal: true, vertical: false };

export default caseTable<FlipOptions>({
  kernel: flip,
  reference,
  exact: true,
  cases: [
    { why: 'an X-ray, left to right', inputs: { x: [3, 224, 224] }, options: horizontal },
    { why: 'an X-ray, upside down', inputs: { x: [3, 224, 224] }, options: { horizontal: false, vertical: true } },
    { why: 'both', inputs: { x: [3, 5, 7] }, options: { horizontal: true, vertical: true } },
    { why: 'neither: a copy', inputs: { x: [3, 5, 7] }, options: { horizontal: false, vertical: false } },
    { why: 'one pixel', inputs: { x: [1, 1, 1] }, options: horizontal },
    { why: 'one pixel short of a workgroup', inputs: { x: [1, 7, 9] }, options: horizontal },
    { why: 'exactly one workgroup', inputs: { x: [1, 8, 8] }, options: horizontal },
    { why: 'one pixel over a workgroup', inputs: { x: [1, 5, 13] }, options: horizontal },
    {
      why: 'rejects an x that is not 3-D',
      inputs: { x: [1, 3, 8, 8] },
      options: horizontal,
      error: 'flip: x must be 3-D, got [1, 3, 8, 8]',
    },
  ],
  perf: [{ inputs: { x: [3, 224, 224] }, options: horizontal }],
});
