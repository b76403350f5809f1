import { pad2d } from '../../src/kernels/pad2d.ts';
import { caseTable } from '../harness/cases.ts';
import { pad2d as reference } from '../reference/pad2d.ts';

export default caseTable<{ padding: number }>({
  kernel: pad2d,
  reference,
  exact: true,
  cases: [
    { why: "ResNet's stem", inputs: { x: [1, 3, 224, 224] }, options: { padding: 3 } },
    { why: 'one pixel', inputs: { x: [1, 1, 1, 1] }, options: { padding: 1 } },
    { why: 'no padding', inputs: { x: [1, 2, 3, 5] }, options: { padding: 0 } },
    { why: 'a batch of two, not square', inputs: { x: [2, 3, 4, 7] }, options: { padding: 2 } },
    {
      why: 'x is not 4-D',
      inputs: { x: [3, 8, 8] },
      options: { padding: 1 },
      error: 'pad2d: x must be 4-D, got [3, 8, 8]',
    },
  ],
});
