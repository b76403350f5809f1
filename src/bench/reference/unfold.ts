import type { UnfoldOptions } from '../../kernels/unfold.ts';
import { type Array64, array64 } from '../array64.ts';

export function unfold({ x }: { x: Array64 }, { kernel, stride, padding }: UnfoldOptions): { y: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const [KH, KW] = kernel;
  const OH = Math.floor((H + 2 * padding - KH) / stride) + 1;
  const OW = Math.floor((W + 2 * padding - KW) / stride) + 1;
  const y = array64([N, C * KH * KW, OH, OW]);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let kh = 0; kh < KH; kh++)
        for (let kw = 0; kw < KW; kw++)
          for (let oh = 0; oh < OH; oh++)
            for (let ow = 0; ow < OW; ow++) {
              const [h, w] = [oh * stride + kh - padding, ow * stride + kw - padding];
              const isInside = h >= 0 && h < H && w >= 0 && w < W;
              y.set(isInside ? x.at(n, c, h, w) : 0, n, (c * KH + kh) * KW + kw, oh, ow);
            }
  return { y };
}
