import { type ResizeOptions, resize } from '../../kernels/resize.ts';
import { type Case, caseTable, type InputSpec } from '../case_table.ts';
import { resize as reference } from '../reference/resize.ts';

/** Noise of whole numbers 0..255. */
function pixels(...shape: number[]): Record<string, InputSpec> {
  return { x: { shape, fill: (_, random) => Math.floor(256 * random()) } };
}

function along(axis: 'x' | 'y', size: number): ResizeOptions {
  return { axis, size, round: true };
}

/** The same sizes along either axis: the axes share a shader, and differ in every stride. */
function bothAxes(why: string, inSize: number, outSize: number): Case<ResizeOptions>[] {
  return [
    { why: `${why}, along x`, inputs: pixels(3, 5, inSize), options: along('x', outSize) },
    { why: `${why}, along y`, inputs: pixels(3, inSize, 5), options: along('y', outSize) },
  ];
}

export default caseTable<ResizeOptions>({
  kernel: resize,
  reference,
  cases: [
    ...bothAxes('an X-ray to 224', 1488, 224),
    ...bothAxes('a shorter side to 256', 1127, 256),
    ...bothAxes('enlarging', 17, 224),
    ...bothAxes('a little smaller', 225, 224),
    ...bothAxes('a little larger', 223, 224),
    ...bothAxes('the same size is a copy', 31, 31),
    ...bothAxes('one pixel made many', 1, 7),
    ...bothAxes('many pixels made one', 1009, 1),
    ...bothAxes('exactly by half', 64, 32),
    ...bothAxes('exactly by two', 32, 64),
    {
      why: 'the largest size made one pixel: sums stay in 31 bits',
      inputs: pixels(1, 1, 16384),
      options: along('x', 1),
    },
    { why: 'one pixel made the largest size', inputs: pixels(1, 1, 1), options: along('x', 16384) },
    { why: 'one channel of one line', inputs: pixels(1, 1, 13), options: along('x', 6) },
    { why: 'one invocation short of a workgroup', inputs: pixels(3, 12, 20), options: along('x', 7) },
    { why: 'exactly one workgroup', inputs: pixels(1, 16, 20), options: along('x', 16) },
    { why: 'one invocation over a workgroup', inputs: pixels(1, 20, 20), options: along('x', 13) },
    {
      why: 'not rounded: real weights and pixels',
      inputs: { x: [3, 9, 101] },
      options: { axis: 'x', size: 37, round: false },
    },
    {
      why: 'not rounded, along y, enlarging',
      inputs: { x: [2, 9, 11] },
      options: { axis: 'y', size: 37, round: false },
    },
    {
      why: 'x is not 3-D',
      inputs: { x: [1, 3, 8, 8] },
      options: along('x', 4),
      error: 'resize: x must be 3-D, got [1, 3, 8, 8]',
    },
    {
      why: 'to nothing',
      inputs: { x: [3, 8, 9] },
      options: along('x', 0),
      error: 'resize: sizes must be 1 to 16384 pixels, got 9 to 0 along x (x [3, 8, 9])',
    },
    {
      why: 'from more pixels than the sums allow',
      inputs: { x: [3, 16385, 9] },
      options: along('y', 224),
      error: 'resize: sizes must be 1 to 16384 pixels, got 16385 to 224 along y (x [3, 16385, 9])',
    },
    {
      why: 'to half a pixel',
      inputs: { x: [3, 8, 9] },
      options: along('y', 4.5),
      error: 'resize: sizes must be 1 to 16384 pixels, got 8 to 4.5 along y (x [3, 8, 9])',
    },
  ],
});
