import { type Array64, array64 } from '../array64.ts';

/** Math.min and Math.max of each map. Both return NaN if the map contains one. */
export function minMax({ x }: { x: Array64 }): { y: Array64 } {
  const [N, H, W] = x.shape as [number, number, number];
  const y = array64([N, 2]);
  for (let n = 0; n < N; n++) {
    y.set(Infinity, n, 0);
    y.set(-Infinity, n, 1);
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++) {
        y.set(Math.min(y.at(n, 0), x.at(n, h, w)), n, 0);
        y.set(Math.max(y.at(n, 1), x.at(n, h, w)), n, 1);
      }
  }
  return { y };
}
