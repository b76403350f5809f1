import { addRelu } from '../../kernels/add_relu.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { addRelu as reference } from '../reference/add_relu.ts';

const options = {};

function both(shape: readonly number[]): Record<string, InputSpec> {
  return { x: shape, residual: shape };
}

export default caseTable<Record<string, never>>({
  kernel: addRelu,
  reference,
  exact: true,
  cases: [
    { why: 'layer1', inputs: both([1, 256, 56, 56]), options },
    { why: 'layer4', inputs: both([1, 2048, 7, 7]), options },
    { why: 'a batch of two', inputs: both([2, 3, 5, 7]), options },
    { why: 'one element', inputs: both([1]), options },
    { why: 'one short of a workgroup', inputs: both([63]), options },
    { why: 'exactly one workgroup', inputs: both([64]), options },
    { why: 'one over a workgroup', inputs: both([65]), options },
    { why: 'a prime size', inputs: both([1009]), options },
    {
      why: 'all negative',
      inputs: { x: { shape: [50], fill: i => -1 - i }, residual: { shape: [50], fill: i => i / 2 } },
      options,
    },
    {
      why: 'NaN surfaces from either side',
      inputs: {
        x: { shape: [4], values: [Number.NaN, 1, Infinity, -3] },
        residual: { shape: [4], values: [1, Number.NaN, -Infinity, 2] },
      },
      options,
    },
    {
      why: 'two shapes',
      inputs: { x: [1, 256, 56, 56], residual: [1, 64, 56, 56] },
      options,
      error: 'add_relu: x and residual must have the same shape (x [1, 256, 56, 56], residual [1, 64, 56, 56])',
    },
  ],
});
