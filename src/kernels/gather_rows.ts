import shader from '../../shaders/gather_rows.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank } from './shape_checks.ts';

export interface GatherRowsOptions {
  /** Index in `indices` at which the batch begins. */
  readonly start: number;
  /** N, the number of rows to take. */
  readonly batch: number;
}

/**
 * Gathers rows of a matrix by number: a batch of a shuffled epoch, without leaving the device.
 *
 * x        [M, D]
 * indices  [L], row numbers as f32, exact up to 16,777,216
 * y        [N, D], y[n] = x[indices[start + n]]
 *
 * Exact: outputs are copies of inputs. The row for an invalid number is NaN.
 *
 * @throws ShapeError  x is not 2-D, indices is not 1-D, or the batch reaches past its end
 * Source: torch.index_select, dim 0
 */
export const gatherRows = defineKernel({
  name: 'gather_rows',
  shader,
  inputs: ['x', 'indices'],
  outputs: ['y'],
  plan({ x, indices }, { start, batch }: GatherRowsOptions) {
    const [rows, width] = expectRank('gather_rows', 'x', x, 2);
    const [length] = expectRank('gather_rows', 'indices', indices, 1);
    if (start + batch > length)
      throw new ShapeError(`gather_rows: a batch of ${batch} from ${start} reaches past the end of ${length} indices`);
    return {
      outputs: { y: [batch, width] },
      params: { rows, width, start, batch },
      workgroups: linearGrid(batch, 1),
    };
  },
});
