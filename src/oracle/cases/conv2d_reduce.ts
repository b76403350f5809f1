import { conv2dReduce } from '../../kernels/conv2d_gemm.ts';
import { caseTable } from '../case_table.ts';
import { conv2dReduce as reference } from '../reference/conv2d_gemm.ts';

export default caseTable<{ relu?: boolean }>({
  kernel: conv2dReduce,
  reference,
  cases: [
    { why: 'every size 1', inputs: { partial_sums: [1, 1, 1, 1, 1] } },
    {
      why: 'three slices, batch of two, scale, shift, residual and relu',
      inputs: { partial_sums: [3, 2, 5, 3, 7], scale: [5], shift: [5], residual: [2, 5, 3, 7] },
      options: { relu: true },
    },
    {
      why: 'relu keeps a NaN of a slice',
      inputs: { partial_sums: { shape: [2, 1, 2, 1, 2], fill: i => (i === 5 ? Number.NaN : -i) } },
      options: { relu: true },
    },
    {
      why: 'rejects a shift of another size',
      inputs: { partial_sums: [2, 1, 4, 1, 1], shift: [5] },
      error: 'conv2d_reduce: shift must be [4] (shift [5])',
    },
  ],
  perf: [{ inputs: { partial_sums: [4, 1, 256, 14, 14], scale: [256], shift: [256] }, options: { relu: true } }],
});
