import type { WinogradMatmulOptions } from '../../kernels/winograd_matmul.ts';
import { type Array64, array64 } from '../array64.ts';

export function winogradMatmul(
  { v, u }: { v: Array64; u: Array64 },
  { outChannels: O }: WinogradMatmulOptions,
): { m: Array64 } {
  const [points, C, groups] = v.shape as [number, number, number];
  const T = groups * 4;
  const tile = u.shape[3]!;
  const m = array64([points, O, groups, 4]);
  for (let p = 0; p < points; p++)
    for (let o = 0; o < O; o++)
      for (let c = 0; c < C; c++) {
        const weight = u.at(p, Math.floor(o / tile), c, o % tile);
        for (let t = 0; t < T; t++) m.data[(p * O + o) * T + t]! += weight * v.data[(p * C + c) * T + t]!;
      }
  return { m };
}
