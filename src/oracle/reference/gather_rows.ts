import type { GatherRowsOptions } from '../../kernels/gather_rows.ts';
import { type Array64, array64 } from '../array64.ts';

export function gatherRows(
  { x, indices }: { x: Array64; indices: Array64 },
  { start, batch }: GatherRowsOptions,
): { y: Array64 } {
  const [M, D] = x.shape as [number, number];
  const y = array64([batch, D], Number.NaN);
  for (let n = 0; n < batch; n++) {
    const row = indices.at(start + n);
    if (row >= 0 && row < M) for (let d = 0; d < D; d++) y.set(x.at(row, d), n, d);
  }
  return { y };
}
