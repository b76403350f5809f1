import { type UpsampleBilinearOptions, upsampleBilinear } from '../../kernels/upsample_bilinear.ts';
import { type Case, caseTable } from '../case_table.ts';
import { upsampleBilinear as reference } from '../reference/upsample_bilinear.ts';

function bothAlignments(
  why: string,
  x: readonly number[],
  [height, width]: readonly [number, number],
): Case<UpsampleBilinearOptions>[] {
  return [
    { why: `${why}, corners aligned`, inputs: { x }, options: { height, width, align: 'corners' } },
    { why: `${why}, half pixels`, inputs: { x }, options: { height, width, align: 'half-pixel' } },
  ];
}

export default caseTable<UpsampleBilinearOptions>({
  kernel: upsampleBilinear,
  reference,
  cases: [
    ...bothAlignments('a map to the image', [1, 1, 7, 7], [224, 224]),
    ...bothAlignments('a batch of two', [2, 3, 5, 7], [16, 9]),
    ...bothAlignments('one pixel to one', [1, 1, 1, 1], [1, 1]),
    ...bothAlignments('one pixel to many', [1, 2, 1, 1], [3, 5]),
    ...bothAlignments('many pixels to one', [1, 2, 5, 6], [1, 1]),
    ...bothAlignments('the same size', [1, 2, 5, 6], [5, 6]),
    ...bothAlignments('to fewer pixels', [1, 1, 31, 37], [8, 11]),
    ...bothAlignments('primes, not square', [1, 1, 7, 13], [101, 53]),
    ...bothAlignments('one pixel short of a workgroup', [1, 1, 3, 3], [7, 9]),
    ...bothAlignments('exactly one workgroup', [1, 1, 3, 3], [8, 8]),
    ...bothAlignments('one pixel over a workgroup', [1, 1, 3, 3], [5, 13]),
    {
      why: 'all negative',
      inputs: { x: { shape: [1, 1, 7, 7], fill: i => -1 - (i % 7) } },
      options: { height: 20, width: 20, align: 'corners' },
    },
    {
      why: 'rejects an x that is not 4-D',
      inputs: { x: [1, 7, 7] },
      options: { height: 224, width: 224, align: 'corners' },
      error: 'upsample_bilinear: x must be 4-D, got [1, 7, 7]',
    },
    {
      why: 'rejects height 0',
      inputs: { x: [1, 1, 7, 7] },
      options: { height: 0, width: 224, align: 'corners' },
      error: 'upsample_bilinear: sizes must be 1 to 32768 pixels, got 224 x 0 (x [1, 1, 7, 7])',
    },
  ],
  perf: [{ inputs: { x: [1, 1, 7, 7] }, options: { height: 224, width: 224, align: 'corners' } }],
});
