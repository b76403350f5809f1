import { linear } from '../../kernels/linear.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { linear as reference } from '../reference/linear.ts';

const options = {};

function inputs(n: number, inFeatures: number, outFeatures: number): Record<string, InputSpec> {
  return { x: [n, inFeatures], weight: [outFeatures, inFeatures], bias: [outFeatures] };
}

export default caseTable<Record<string, never>>({
  kernel: linear,
  reference,
  cases: [
    { why: 'the head, a batch of 256', inputs: inputs(256, 2048, 2), options },
    { why: "ResNet's fc", inputs: inputs(1, 2048, 1000), options },
    { why: "ResNet-18's fc, a batch of two", inputs: inputs(2, 512, 1000), options },
    { why: 'one by one', inputs: inputs(1, 1, 1), options },
    { why: 'without bias', inputs: { x: [3, 20], weight: [5, 20] }, options },
    { why: 'features not divisible by four', inputs: inputs(3, 7, 5), options },
    { why: 'fewer than four features', inputs: inputs(2, 3, 2), options },
    { why: 'one output short of a workgroup', inputs: inputs(9, 8, 7), options },
    { why: 'exactly one workgroup', inputs: inputs(8, 8, 8), options },
    { why: 'one output over a workgroup', inputs: inputs(5, 8, 13), options },
    {
      why: 'all negative',
      inputs: { ...inputs(2, 33, 3), x: { shape: [2, 33], fill: i => -1 - (i % 7) } },
      options,
    },
    {
      why: 'x is not 2-D',
      inputs: { ...inputs(1, 8, 2), x: [1, 8, 1, 1] },
      options,
      error: 'linear: x must be 2-D, got [1, 8, 1, 1]',
    },
    {
      why: 'weight is not 2-D',
      inputs: { ...inputs(1, 8, 2), weight: [8] },
      options,
      error: 'linear: weight must be 2-D, got [8]',
    },
    {
      why: "a backbone's features for another's head",
      inputs: { ...inputs(1, 2048, 2), x: [1, 512] },
      options,
      error: 'linear: x has 512 features but weight expects 2048 (x [1, 512], weight [2, 2048], bias [2])',
    },
    {
      why: 'a bias of another size',
      inputs: { ...inputs(1, 8, 2), bias: [3] },
      options,
      error: 'linear: bias must be [2], got [3] (x [1, 8], weight [2, 8], bias [3])',
    },
  ],
});
