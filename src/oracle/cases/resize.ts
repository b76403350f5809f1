import { longestResizable, type ResizeOptions, resize } from '../../kernels/resize.ts';
import { type Case, caseTable, pixels } from '../case_table.ts';
import { resize as reference } from '../reference/resize.ts';

function along(axis: 'x' | 'y', size: number): ResizeOptions {
  return { axis, size, round: true };
}

/** Returns the same sizes along either axis. The axes share a shader but differ in every stride. */
function bothAxes(why: string, inSize: number, outSize: number): Case<ResizeOptions>[] {
  return [
    { why: `${why}, along x`, inputs: { x: pixels(3, 5, inSize) }, options: along('x', outSize) },
    { why: `${why}, along y`, inputs: { x: pixels(3, inSize, 5) }, options: along('y', outSize) },
  ];
}

export default caseTable<ResizeOptions>({
  kernel: resize,
  reference,
  cases: [
    ...bothAxes('an X-ray to 224', 1488, 224),
    ...bothAxes('a shorter side to 256', 1127, 256),
    ...bothAxes('enlarging', 17, 224),
    ...bothAxes('slightly smaller', 225, 224),
    ...bothAxes('slightly larger', 223, 224),
    ...bothAxes('the same size: a copy', 31, 31),
    ...bothAxes('one pixel to many', 1, 7),
    ...bothAxes('many pixels to one', 1009, 1),
    ...bothAxes('exactly by half', 64, 32),
    ...bothAxes('exactly by two', 32, 64),
    {
      why: 'the largest size to one pixel: sums fit in 31 bits',
      inputs: { x: pixels(1, 1, 16384) },
      options: along('x', 1),
    },
    {
      why: 'the longest axis to 224',
      inputs: { x: pixels(1, 1, longestResizable(224)) },
      options: along('x', 224),
    },
    { why: 'a long axis to 224, along y', inputs: { x: pixels(3, 30_000, 3) }, options: along('y', 224) },
    { why: 'one pixel to the largest size', inputs: { x: pixels(1, 1, 1) }, options: along('x', 16384) },
    { why: 'one channel, one line', inputs: { x: pixels(1, 1, 13) }, options: along('x', 6) },
    { why: 'one invocation short of a workgroup', inputs: { x: pixels(3, 12, 20) }, options: along('x', 7) },
    { why: 'exactly one workgroup', inputs: { x: pixels(1, 16, 20) }, options: along('x', 16) },
    { why: 'one invocation over a workgroup', inputs: { x: pixels(1, 20, 20) }, options: along('x', 13) },
    {
      why: 'not rounded: fractional weights and pixels',
      inputs: { x: [3, 9, 101] },
      options: { axis: 'x', size: 37, round: false },
    },
    {
      why: 'not rounded, along y, enlarging',
      inputs: { x: [2, 9, 11] },
      options: { axis: 'y', size: 37, round: false },
    },
    {
      why: 'rejects an x that is not 3-D',
      inputs: { x: [1, 3, 8, 8] },
      options: along('x', 4),
      error: 'resize: x must be 3-D, got [1, 3, 8, 8]',
    },
    {
      why: 'rejects size 0',
      inputs: { x: [3, 8, 9] },
      options: along('x', 0),
      error: 'resize: sizes must be whole numbers of at least 1, got 9 to 0 along x (x [3, 8, 9])',
    },
    {
      why: 'rejects more pixels than the sums allow',
      inputs: { x: [3, 16385, 9] },
      options: along('y', 1),
      error: 'resize: at most 16384 pixels can be resized to 1, got 16385 along y (x [3, 16385, 9])',
    },
    {
      why: 'rejects more positions than 32 bits allow',
      inputs: { x: [1, 9, 8] },
      options: along('x', 2 ** 28),
      error: 'resize: at most 4 pixels can be resized to 268435456, got 8 along x (x [1, 9, 8])',
    },
    {
      why: 'rejects a fractional size',
      inputs: { x: [3, 8, 9] },
      options: along('y', 4.5),
      error: 'resize: sizes must be whole numbers of at least 1, got 8 to 4.5 along y (x [3, 8, 9])',
    },
  ],
  perf: [
    { inputs: { x: pixels(3, 1127, 1488) }, options: along('x', 224), why: 'along x to 224' },
    { inputs: { x: pixels(3, 1127, 224) }, options: along('y', 224), why: 'along y to 224' },
  ],
});
