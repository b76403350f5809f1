import type { NormalizeOptions } from '../../kernels/normalize.ts';
import { type Array64, array64 } from '../array64.ts';

/** Channel c of y comes from channel c of x, or from channel 2 - c in BGR. */
export function normalize({ x }: { x: Array64 }, { channelOrder, scale, mean, std }: NormalizeOptions): { y: Array64 } {
  const [, H, W] = x.shape as [number, number, number];
  const y = array64([1, 3, H, W]);
  for (let c = 0; c < 3; c++)
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++) {
        const pixel = x.at(channelOrder === 'BGR' ? 2 - c : c, h, w);
        y.set((pixel * scale - mean[c]!) / std[c]!, 0, c, h, w);
      }
  return { y };
}
