import type { FlipOptions } from '../../kernels/flip.ts';
import { type Array64, array64 } from '../array64.ts';

/** Pixel (h, w) comes from the mirrored position in its row, its column, or both. */
export function flip({ x }: { x: Array64 }, { horizontal, vertical }: FlipOptions): { y: Array64 } {
  const [C, H, W] = x.shape as [number, number, number];
  const y = array64([C, H, W]);
  for (let c = 0; c < C; c++)
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++) y.set(x.at(c, vertical ? H - 1 - h : h, horizontal ? W - 1 - w : w), c, h, w);
  return { y };
}
