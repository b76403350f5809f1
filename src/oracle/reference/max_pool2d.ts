import type { MaxPool2dOptions } from '../../kernels/max_pool2d.ts';
import { type Array64, array64 } from '../array64.ts';

/** For each output, the largest of the window's pixels that are inside the image. */
export function maxPool2d({ x }: { x: Array64 }, { kernelSize, stride, padding }: MaxPool2dOptions): { y: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const OH = Math.floor((H + 2 * padding - kernelSize) / stride) + 1;
  const OW = Math.floor((W + 2 * padding - kernelSize) / stride) + 1;
  const y = array64([N, C, OH, OW]);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let oh = 0; oh < OH; oh++)
        for (let ow = 0; ow < OW; ow++) {
          let best = -Infinity;
          for (let kh = 0; kh < kernelSize; kh++)
            for (let kw = 0; kw < kernelSize; kw++) {
              const h = oh * stride - padding + kh;
              const w = ow * stride - padding + kw;
              if (h >= 0 && h < H && w >= 0 && w < W) best = Math.max(best, x.at(n, c, h, w));
            }
          y.set(best, n, c, oh, ow);
        }
  return { y };
}
