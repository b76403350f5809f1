import { type UnfoldOptions, unfold } from '../../kernels/unfold.ts';
import { caseTable } from '../case_table.ts';
import { unfold as reference } from '../reference/unfold.ts';

const square = (size: number, stride: number, padding: number): UnfoldOptions => ({
  kernelSize: [size, size],
  stride,
  padding,
});

export default caseTable<UnfoldOptions>({
  kernel: unfold,
  reference,
  exact: true,
  cases: [
    { why: "ResNet's stem", inputs: { x: [1, 3, 224, 224] }, options: square(7, 2, 3) },
    { why: "ResNet's 3x3 at stride 2", inputs: { x: [1, 16, 28, 28] }, options: square(3, 2, 1) },
    { why: 'the 1x1 of a shortcut at stride 2', inputs: { x: [1, 8, 14, 14] }, options: square(1, 2, 0) },
    { why: 'one pixel, surrounded by padding', inputs: { x: [1, 1, 1, 1] }, options: square(3, 1, 1) },
    { why: 'padding wider than x', inputs: { x: [1, 2, 2, 1] }, options: square(5, 1, 4) },
    { why: 'a batch of two, odd sizes, stride 3', inputs: { x: [2, 3, 7, 11] }, options: square(3, 3, 2) },
    { why: 'a 5x2 window', inputs: { x: [1, 2, 9, 8] }, options: { kernelSize: [5, 2], stride: 2, padding: 1 } },
    {
      why: 'a band of rows of the stem',
      inputs: { x: [1, 3, 30, 26] },
      options: { ...square(7, 2, 3), rows: { top: 4, count: 5 } },
    },
    {
      why: 'the last rows of a batch of two',
      inputs: { x: [2, 2, 9, 7] },
      options: { ...square(3, 1, 1), rows: { top: 7, count: 2 } },
    },
    {
      why: 'a NaN is copied as it is',
      inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) } },
      options: square(3, 1, 1),
    },
    {
      why: 'rejects more rows than exist',
      inputs: { x: [1, 3, 8, 8] },
      options: { ...square(3, 1, 1), rows: { top: 6, count: 3 } },
      error: 'unfold: rows must be within the 8 of the output, got rows 6 to 8',
    },
    {
      why: 'rejects an x that is not 4-D',
      inputs: { x: [3, 8, 8] },
      options: square(3, 1, 1),
      error: 'unfold: x must be 4-D, got [3, 8, 8]',
    },
  ],
  perf: [
    { inputs: { x: [1, 3, 224, 224] }, options: square(7, 2, 3), why: '7x7 stride 2' },
    { inputs: { x: [1, 128, 56, 56] }, options: square(3, 2, 1), why: '3x3 stride 2' },
  ],
});
