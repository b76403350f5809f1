import { type MaxPool2dOptions, maxPool2d } from '../../kernels/max_pool2d.ts';
import { caseTable } from '../case_table.ts';
import { maxPool2d as reference } from '../reference/max_pool2d.ts';

const stem: MaxPool2dOptions = { kernelSize: 3, stride: 2, padding: 1 };

export default caseTable<MaxPool2dOptions>({
  kernel: maxPool2d,
  reference,
  exact: true,
  cases: [
    { why: "ResNet's stem", inputs: { x: [1, 64, 112, 112] }, options: stem },
    { why: 'a batch of two', inputs: { x: [2, 3, 9, 9] }, options: stem },
    { why: 'one pixel', inputs: { x: [1, 1, 1, 1] }, options: stem },
    { why: 'not square', inputs: { x: [1, 2, 5, 11] }, options: stem },
    {
      why: 'four outputs per invocation, columns left over, NaN and -Infinity inside',
      inputs: {
        x: {
          shape: [2, 2, 7, 27],
          fill: i => (i % 41 === 20 ? Number.NaN : i % 53 === 30 ? Number.NEGATIVE_INFINITY : ((i * 37) % 101) - 50),
        },
      },
      options: stem,
    },
    {
      why: 'four outputs per invocation without padding',
      inputs: { x: [1, 3, 9, 21] },
      options: { ...stem, padding: 0 },
    },
    {
      why: 'one invocation short of a workgroup',
      inputs: { x: [1, 21, 3, 3] },
      options: { kernelSize: 1, stride: 1, padding: 0 },
    },
    { why: 'exactly one workgroup', inputs: { x: [1, 1, 32, 8] }, options: { kernelSize: 1, stride: 1, padding: 0 } },
    {
      why: 'one invocation over a workgroup',
      inputs: { x: [1, 13, 5, 1] },
      options: { kernelSize: 1, stride: 1, padding: 0 },
    },
    {
      why: 'all negative: padding never wins',
      inputs: { x: { shape: [1, 2, 6, 6], fill: i => -1 - (i % 7) } },
      options: stem,
    },
    {
      why: 'NaN wins over every later pixel',
      inputs: { x: { shape: [1, 1, 2, 6], fill: i => (i === 1 ? Number.NaN : i) } },
      options: { kernelSize: 2, stride: 2, padding: 0 },
    },
    {
      why: 'an even window without padding',
      inputs: { x: [1, 3, 7, 7] },
      options: { kernelSize: 2, stride: 2, padding: 0 },
    },
    {
      why: 'rejects an x that is not 4-D',
      inputs: { x: [3, 8, 8] },
      options: stem,
      error: 'max_pool2d: x must be 4-D, got [3, 8, 8]',
    },
    {
      why: 'rejects a padding over half of the window',
      inputs: { x: [1, 1, 8, 8] },
      options: { kernelSize: 3, stride: 1, padding: 2 },
      error: 'max_pool2d: padding must be at most half of the window, kernelSize 3, padding 2',
    },
    {
      why: 'rejects a window that does not fit',
      inputs: { x: [1, 1, 2, 2] },
      options: { kernelSize: 5, stride: 1, padding: 1 },
      error: 'max_pool2d: a window of 5 does not fit into 2 pixels padded by 1',
    },
  ],
  perf: [{ inputs: { x: [1, 64, 112, 112] }, options: stem, flop: 9 * 64 * 56 * 56, modules: ['maxpool'] }],
});
