import type { ResizeOptions } from '../../kernels/resize.ts';
import { type Array64, array64 } from '../array64.ts';

/**
 * Pillow's precompute_coeffs and ImagingResample{Horizontal,Vertical}_8bpc in doubles. Without `round`, weights are not
 * rounded.
 */
export function resize({ x }: { x: Array64 }, { axis, size, round }: ResizeOptions): { y: Array64 } {
  const [C, H, W] = x.shape as [number, number, number];
  const inSize = axis === 'x' ? W : H;
  const y = array64(axis === 'x' ? [C, H, size] : [C, size, W]);
  const scale = inSize / size;
  const support = Math.max(scale, 1);
  for (let o = 0; o < size; o++) {
    const centre = (o + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), inSize);
    const weights: number[] = [];
    for (let p = first; p < end; p++) weights.push(Math.max(0, 1 - Math.abs((p - centre + 0.5) / support)));
    const sum = weights.reduce((a, b) => a + b, 0);
    for (let c = 0; c < C; c++)
      for (let line = 0; line < (axis === 'x' ? H : W); line++) {
        let total = round ? 2 ** 21 : 0;
        for (let p = first; p < end; p++) {
          const weight = weights[p - first]! / sum;
          const pixel = axis === 'x' ? x.at(c, line, p) : x.at(c, p, line);
          total += pixel * (round ? Math.trunc(0.5 + weight * 2 ** 22) : weight);
        }
        const value = round ? Math.min(255, Math.max(0, Math.floor(total / 2 ** 22))) : total;
        if (axis === 'x') y.set(value, c, line, o);
        else y.set(value, c, o, line);
      }
  }
  return { y };
}
