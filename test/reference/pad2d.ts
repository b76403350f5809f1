import { type Array64, array64 } from '../harness/array64.ts';

export function pad2d({ x }: { x: Array64 }, { padding }: { padding: number }): { y: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const y = array64([N, C, H + 2 * padding, W + 2 * padding]);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let h = 0; h < H; h++) for (let w = 0; w < W; w++) y.set(x.at(n, c, h, w), n, c, h + padding, w + padding);
  return { y };
}
