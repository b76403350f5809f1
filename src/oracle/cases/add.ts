import { add } from '../../kernels/add.ts';
import { caseTable } from '../case_table.ts';
import { add as reference } from '../reference/add.ts';

export default caseTable({
  kernel: add,
  reference,
  exact: true,
  cases: [
    { why: 'one element', inputs: { a: [1], b: [1] } },
    { why: 'one element short of a workgroup', inputs: { a: [63], b: [63] } },
    { why: 'one element over a workgroup', inputs: { a: [5, 13], b: [5, 13] } },
    { why: "the gradient of the head's weight", inputs: { a: [2, 2048], b: [2, 2048] } },
    {
      why: 'rejects shapes that differ',
      inputs: { a: [2, 3], b: [3, 2] },
      error: 'add: a and b must have the same shape (a [2, 3], b [3, 2])',
    },
  ],
  perf: [{ inputs: { a: [2, 2048], b: [2, 2048] }, flop: 2 * 2048 }],
});
