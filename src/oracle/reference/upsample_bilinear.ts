import type { UpsampleBilinearOptions } from '../../kernels/upsample_bilinear.ts';
import { type Array64, array64 } from '../array64.ts';

/** Each output is the mean of the four inputs around its position, weighted by proximity. */
export function upsampleBilinear(
  { x }: { x: Array64 },
  { height, width, align }: UpsampleBilinearOptions,
): { y: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const y = array64([N, C, height, width]);
  for (let oh = 0; oh < height; oh++)
    for (let ow = 0; ow < width; ow++) {
      const h = position(oh, H, height, align);
      const w = position(ow, W, width, align);
      const [top, left] = [Math.floor(h), Math.floor(w)];
      const [bottom, right] = [Math.min(top + 1, H - 1), Math.min(left + 1, W - 1)];
      for (let n = 0; n < N; n++)
        for (let c = 0; c < C; c++) {
          const above = x.at(n, c, top, left) * (1 - (w - left)) + x.at(n, c, top, right) * (w - left);
          const below = x.at(n, c, bottom, left) * (1 - (w - left)) + x.at(n, c, bottom, right) * (w - left);
          y.set(above * (1 - (h - top)) + below * (h - top), n, c, oh, ow);
        }
    }
  return { y };
}

function position(o: number, size: number, outSize: number, align: UpsampleBilinearOptions['align']): number {
  if (align === 'corners') return outSize > 1 ? (o * (size - 1)) / (outSize - 1) : 0;
  return Math.min(Math.max((o + 0.5) * (size / outSize) - 0.5, 0), size - 1);
}
