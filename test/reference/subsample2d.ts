import { type Array64, array64 } from '../harness/array64.ts';

export function subsample2d({ x }: { x: Array64 }, { stride }: { stride: number }): { y: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const y = array64([N, C, Math.ceil(H / stride), Math.ceil(W / stride)]);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let h = 0; h < H; h += stride)
        for (let w = 0; w < W; w += stride) y.set(x.at(n, c, h, w), n, c, h / stride, w / stride);
  return { y };
}
