import { addRelu } from '../../kernels/add_relu.ts';
import { caseTable, type InputSpecs } from '../case_table.ts';
import { addRelu as reference } from '../reference/add_relu.ts';

const both = (...shape: number[]): InputSpecs => ({ x: shape, residual: shape });

export default caseTable({
  kernel: addRelu,
  reference,
  exact: true,
  cases: [
    { why: 'layer1', inputs: both(1, 256, 56, 56) },
    { why: 'layer4', inputs: both(1, 2048, 7, 7) },
    { why: 'a batch of two', inputs: both(2, 3, 5, 7) },
    { why: 'one element', inputs: both(1) },
    { why: 'one element short of a workgroup', inputs: both(63) },
    { why: 'exactly one workgroup', inputs: both(64) },
    { why: 'one element over a workgroup', inputs: both(65) },
    { why: 'a prime size', inputs: both(1009) },
    {
      why: 'all of x negative',
      inputs: { x: { shape: [50], fill: i => -1 - i }, residual: { shape: [50], fill: i => i / 2 } },
    },
    {
      why: 'keeps a NaN of either input',
      inputs: {
        x: { shape: [4], values: [Number.NaN, 1, Infinity, -3] },
        residual: { shape: [4], values: [1, Number.NaN, -Infinity, 2] },
      },
    },
    {
      why: 'rejects shapes that differ',
      inputs: { x: [1, 256, 56, 56], residual: [1, 64, 56, 56] },
      error: 'add_relu: x and residual must have the same shape (x [1, 256, 56, 56], residual [1, 64, 56, 56])',
    },
  ],
  perf: [{ inputs: both(1, 256, 56, 56), flop: 2 * 256 * 56 * 56 }],
});
