import { add } from '../../kernels/add.ts';
import { caseTable } from '../case_table.ts';
import { add as reference } from '../reference/add.ts';

export default caseTable<Record<string, never>>({
  kernel: add,
  reference,
  exact: true,
  cases: [
    { why: 'one element', inputs: { a: [1], b: [1] }, options: {} },
    { why: 'one element short of a workgroup', inputs: { a: [63], b: [63] }, options: {} },
    { why: 'one element over a workgroup', inputs: { a: [5, 13], b: [5, 13] }, options: {} },
    { why: "the gradient of a head's weight", inputs: { a: [2, 2048], b: [2, 2048] }, options: {} },
    {
      why: 'shapes that differ',
      inputs: { a: [2, 3], b: [3, 2] },
      options: {},
      error: 'add: a and b must have the same shape (a [2, 3], b [3, 2])',
    },
  ],
});
