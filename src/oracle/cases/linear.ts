import { linear } from '../../kernels/linear.ts';
import { caseTable, type InputSpecs } from '../case_table.ts';
import { linear as reference } from '../reference/linear.ts';

function inputs(n: number, inFeatures: number, outFeatures: number): InputSpecs {
  return { x: [n, inFeatures], weight: [outFeatures, inFeatures], bias: [outFeatures] };
}

export default caseTable({
  kernel: linear,
  reference,
  cases: [
    { why: 'the head, a batch of 256', inputs: inputs(256, 2048, 2) },
    { why: "ResNet's fc", inputs: inputs(1, 2048, 1000) },
    { why: "ResNet-18's fc, a batch of two", inputs: inputs(2, 512, 1000) },
    { why: 'one by one', inputs: inputs(1, 1, 1) },
    { why: 'without bias', inputs: { x: [3, 20], weight: [5, 20] } },
    { why: 'features not divisible by four', inputs: inputs(3, 7, 5) },
    { why: 'fewer than four features', inputs: inputs(2, 3, 2) },
    { why: 'one output short of a workgroup', inputs: inputs(9, 8, 7) },
    { why: 'exactly one workgroup', inputs: inputs(8, 8, 8) },
    { why: 'one output over a workgroup', inputs: inputs(5, 8, 13) },
    {
      why: 'all negative',
      inputs: { ...inputs(2, 33, 3), x: { shape: [2, 33], fill: i => -1 - (i % 7) } },
    },
    {
      why: 'rejects an x that is not 2-D',
      inputs: { ...inputs(1, 8, 2), x: [1, 8, 1, 1] },
      error: 'linear: x must be 2-D, got [1, 8, 1, 1]',
    },
    {
      why: 'rejects a weight that is not 2-D',
      inputs: { ...inputs(1, 8, 2), weight: [8] },
      error: 'linear: weight must be 2-D, got [8]',
    },
    {
      why: 'rejects the features of another backbone',
      inputs: { ...inputs(1, 2048, 2), x: [1, 512] },
      error: 'linear: x has 512 features but weight expects 2048 (x [1, 512], weight [2, 2048], bias [2])',
    },
    {
      why: 'rejects a bias of another size',
      inputs: { ...inputs(1, 8, 2), bias: [3] },
      error: 'linear: bias must be [2], got [3] (x [1, 8], weight [2, 8], bias [3])',
    },
  ],
  perf: [
    { inputs: inputs(1, 2048, 1000), flop: 2 * 2048 * 1000, why: 'to 1000 classes', modules: ['fc'] },
    { inputs: inputs(256, 2048, 2), flop: 2 * 256 * 2048 * 2, why: 'to 2 classes' },
  ],
});
