import { type AdamStep, adam } from '../../kernels/adam.ts';
import { caseTable, type InputSpec } from '../case_table.ts';
import { adam as reference } from '../reference/adam.ts';

const defaults: AdamStep = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, step: 1 };
const zeros = (shape: number[]): InputSpec => ({ shape, fill: () => 0 });
const squares = (shape: number[]): InputSpec => ({ shape, fill: (_, random) => random() ** 2 });

export default caseTable<AdamStep>({
  kernel: adam,
  reference,
  cases: [
    {
      why: 'the first step of the head',
      inputs: { grad: [2, 2048], weight: [2, 2048], m: zeros([2, 2048]), v: zeros([2, 2048]) },
      options: defaults,
    },
    {
      why: 'a later step, one element short of a workgroup',
      inputs: { grad: [63], weight: [63], m: [63], v: squares([63]) },
      options: { ...defaults, step: 210 },
    },
    {
      why: 'one element over a workgroup, no option at its default',
      inputs: { grad: [5, 13], weight: [5, 13], m: [5, 13], v: squares([5, 13]) },
      options: { lr: 0.05, beta1: 0.8, beta2: 0.95, eps: 1e-3, weightDecay: 0.1, step: 3 },
    },
    {
      why: 'a zero gradient: eps prevents 0 / 0',
      inputs: { grad: zeros([3]), weight: [3], m: zeros([3]), v: zeros([3]) },
      options: defaults,
    },
    {
      why: 'a step so late that the bias corrections are 1',
      inputs: { grad: [1], weight: [1], m: [1], v: squares([1]) },
      options: { ...defaults, step: 1_000_000 },
    },
    {
      why: 'rejects shapes that differ',
      inputs: { grad: [2], weight: [2], m: [2], v: [3] },
      options: defaults,
      error: 'adam: grad and weight and m and v must have the same shape (grad [2], weight [2], m [2], v [3])',
    },
  ],
  perf: [
    {
      inputs: { grad: [2, 2048], weight: [2, 2048], m: [2, 2048], v: squares([2, 2048]) },
      options: defaults,
    },
  ],
});
