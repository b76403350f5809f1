import { type CropOptions, crop } from '../../kernels/crop.ts';
import { caseTable } from '../case_table.ts';
import { crop as reference } from '../reference/crop.ts';

export default caseTable<CropOptions>({
  kernel: crop,
  reference,
  exact: true,
  cases: [
    {
      why: 'the centre of a resized X-ray',
      inputs: { x: [3, 256, 337] },
      options: { top: 16, left: 56, height: 224, width: 224 },
    },
    { why: 'the whole image', inputs: { x: [3, 5, 7] }, options: { top: 0, left: 0, height: 5, width: 7 } },
    { why: 'one pixel', inputs: { x: [1, 5, 7] }, options: { top: 4, left: 6, height: 1, width: 1 } },
    { why: 'the first rows', inputs: { x: [2, 9, 4] }, options: { top: 0, left: 0, height: 3, width: 4 } },
    {
      why: 'one pixel short of a workgroup',
      inputs: { x: [1, 11, 11] },
      options: { top: 1, left: 2, height: 7, width: 9 },
    },
    { why: 'exactly one workgroup', inputs: { x: [1, 11, 11] }, options: { top: 3, left: 0, height: 8, width: 8 } },
    {
      why: 'one pixel over a workgroup',
      inputs: { x: [1, 11, 15] },
      options: { top: 6, left: 1, height: 5, width: 13 },
    },
    {
      why: 'rejects an x that is not 3-D',
      inputs: { x: [8, 8] },
      options: { top: 0, left: 0, height: 1, width: 1 },
      error: 'crop: x must be 3-D, got [8, 8]',
    },
    {
      why: 'rejects a window past the right border',
      inputs: { x: [3, 8, 8] },
      options: { top: 0, left: 5, height: 4, width: 4 },
      error: 'crop: a window of 4 x 4 at (5, 0) must be inside the image (x [3, 8, 8])',
    },
    {
      why: 'rejects a window past the top border',
      inputs: { x: [3, 8, 8] },
      options: { top: -1, left: 0, height: 4, width: 4 },
      error: 'crop: a window of 4 x 4 at (0, -1) must be inside the image (x [3, 8, 8])',
    },
  ],
  perf: [{ inputs: { x: [3, 256, 337] }, options: { top: 16, left: 56, height: 224, width: 224 } }],
});
