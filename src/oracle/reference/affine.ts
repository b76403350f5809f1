import type { AffineOptions } from '../../kernels/affine.ts';
import { type Array64, array64 } from '../array64.ts';

/** Maps the centre of each output pixel to its source in the image. Outside the image, the result is `fill`. */
export function affine({ x }: { x: Array64 }, { matrix, interpolation, fill }: AffineOptions): { y: Array64 } {
  const [C, H, W] = x.shape as [number, number, number];
  const [a, b, c, d, e, f] = matrix;
  const y = array64([C, H, W], fill);
  for (let channel = 0; channel < C; channel++)
    for (let row = 0; row < H; row++)
      for (let column = 0; column < W; column++) {
        const w = a * (column + 0.5) + b * (row + 0.5) + c;
        const h = d * (column + 0.5) + e * (row + 0.5) + f;
        if (w < 0 || w >= W || h < 0 || h >= H) continue;
        const pixel = (r: number, s: number) =>
          x.at(channel, Math.min(Math.max(r, 0), H - 1), Math.min(Math.max(s, 0), W - 1));
        if (interpolation === 'nearest') {
          y.set(pixel(Math.floor(h), Math.floor(w)), channel, row, column);
          continue;
        }
        const [top, left] = [Math.floor(h - 0.5), Math.floor(w - 0.5)];
        const [down, right] = [h - 0.5 - top, w - 0.5 - left];
        const above = pixel(top, left) * (1 - right) + pixel(top, left + 1) * right;
        const below = pixel(top + 1, left) * (1 - right) + pixel(top + 1, left + 1) * right;
        y.set(above * (1 - down) + below * down, channel, row, column);
      }
  return { y };
}
