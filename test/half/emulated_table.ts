import { type Conv2dSubgroupMatrixOptions, conv2dSubgroupMatrix } from '../../src/kernels/conv2d_subgroup_matrix.ts';
import { type CaseTable, caseTable } from '../../src/oracle/case_table.ts';
import { halves } from '../../src/oracle/conv2d_cases.ts';
import { conv2dSubgroupMatrix as reference } from '../../src/oracle/reference/conv2d_gemm.ts';
import type { SubgroupMatrix } from '../../src/runtime/adapter.ts';
import { emulated } from './emulated_matrix.ts';

const square = (outChannels: number, kernelSize: number, more: Partial<Conv2dSubgroupMatrixOptions> = {}) => ({
  outChannels,
  kernelSize: [kernelSize, kernelSize] as const,
  stride: 1,
  padding: (kernelSize - 1) / 2,
  ...more,
});

/** Returns the case table of the emulated conv2d_subgroup_matrix for matrices of this size. */
export function emulatedTable(matrix: SubgroupMatrix): CaseTable {
  const kernel = conv2dSubgroupMatrix(matrix);
  return caseTable<Conv2dSubgroupMatrixOptions>({
    kernel: { ...kernel, shader: emulated(kernel.shader), feature: undefined },
    reference,
    cases: [
      {
        why: 'every size is 1',
        inputs: { x: [1, 1, 1, 1], weight: halves(1, 1) },
        options: square(1, 1),
      },
      {
        why: 'batch of three, prime sizes, scale, shift, residual and relu',
        inputs: {
          x: [3, 5, 7, 11],
          weight: halves(37, 45),
          scale: [37],
          shift: [37],
          residual: [3, 37, 7, 11],
        },
        options: square(37, 3, { relu: true }),
      },
      {
        why: 'more than one tile in both directions, stride 2',
        inputs: { x: [2, 9, 17, 13], weight: halves(133, 9) },
        options: square(133, 1, { stride: 2 }),
      },
      {
        why: 'three slices of a 7x7 window, the last one shorter',
        inputs: { x: [1, 3, 12, 10], weight: halves(70, 147) },
        options: square(70, 7, { stride: 2, slices: 3 }),
      },
      {
        why: 'NaN in x surfaces through relu',
        inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) }, weight: halves(2, 1) },
        options: square(2, 1, { relu: true }),
      },
    ],
  });
}
