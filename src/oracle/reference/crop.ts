import type { CropOptions } from '../../kernels/crop.ts';
import { type Array64, array64 } from '../array64.ts';

/** Pixel (h, w) of the window is pixel (top + h, left + w) of the image. */
export function crop({ x }: { x: Array64 }, { top, left, height, width }: CropOptions): { y: Array64 } {
  const C = x.shape[0]!;
  const y = array64([C, height, width]);
  for (let c = 0; c < C; c++)
    for (let h = 0; h < height; h++) for (let w = 0; w < width; w++) y.set(x.at(c, top + h, left + w), c, h, w);
  return { y };
}
