import { type SgdStep, sgd } from '../../kernels/sgd.ts';
import { caseTable } from '../case_table.ts';
import { sgd as reference } from '../reference/sgd.ts';

const plain: SgdStep = { lr: 0.1, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, step: 1 };
const like = (shape: number[]) => ({ grad: shape, weight: shape, velocity: shape });

export default caseTable<SgdStep>({
  kernel: sgd,
  reference,
  cases: [
    { why: 'without momentum: the velocity keeps its values', inputs: like([2, 2048]), options: plain },
    { why: 'the first step fills the velocity', inputs: like([63]), options: { ...plain, momentum: 0.9 } },
    {
      why: 'the first step is not dampened',
      inputs: like([64]),
      options: { ...plain, momentum: 0.9, dampening: 0.5 },
    },
    { why: 'a later step', inputs: like([65]), options: { ...plain, momentum: 0.9, dampening: 0.5, step: 2 } },
    {
      why: 'Nesterov momentum with weight decay',
      inputs: like([5, 13]),
      options: { ...plain, momentum: 0.9, nesterov: true, weightDecay: 0.01, step: 5 },
    },
    {
      why: 'rejects shapes that differ',
      inputs: { grad: [2], weight: [3], velocity: [3] },
      options: plain,
      error: 'sgd: grad and weight and velocity must have the same shape (grad [2], weight [3], velocity [3])',
    },
  ],
  perf: [{ inputs: like([2, 2048]), options: { ...plain, momentum: 0.9, step: 2 } }],
});
