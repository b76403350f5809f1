import type { UnfoldOptions } from '../../kernels/unfold.ts';
import { type Array64, array64 } from '../array64.ts';

export function unfold({ x }: { x: Array64 }, { kernelSize, stride, padding, rows }: UnfoldOptions): { y: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const [KH, KW] = kernelSize;
  const OH = Math.floor((H + 2 * padding - KH) / stride) + 1;
  const OW = Math.floor((W + 2 * padding - KW) / stride) + 1;
  const { top, count } = rows ?? { top: 0, count: OH };
  const y = array64([N, C * KH * KW, count, OW]);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let kh = 0; kh < KH; kh++)
        for (let kw = 0; kw < KW; kw++)
          for (let row = 0; row < count; row++)
            for (let ow = 0; ow < OW; ow++) {
              const [h, w] = [(top + row) * stride + kh - padding, ow * stride + kw - padding];
              const isInside = h >= 0 && h < H && w >= 0 && w < W;
              y.set(isInside ? x.at(n, c, h, w) : 0, n, (c * KH + kh) * KW + kw, row, ow);
            }
  return { y };
}
