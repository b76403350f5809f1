import { type Array64, array64 } from '../array64.ts';

/** PIL's mode L: 0.299 R + 0.587 G + 0.114 B with 16-bit factors. */
export function grayscale({ x }: { x: Array64 }): { y: Array64 } {
  const [, H, W] = x.shape as [number, number, number];
  const y = array64([3, H, W]);
  for (let h = 0; h < H; h++)
    for (let w = 0; w < W; w++) {
      const luma = Math.floor((19595 * x.at(0, h, w) + 38470 * x.at(1, h, w) + 7471 * x.at(2, h, w) + 32768) / 65536);
      for (let c = 0; c < 3; c++) y.set(luma, c, h, w);
    }
  return { y };
}
