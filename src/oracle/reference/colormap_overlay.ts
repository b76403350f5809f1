import type { ColormapOverlayOptions } from '../../kernels/colormap_overlay.ts';
import { type Array64, array64 } from '../array64.ts';

interface Inputs {
  image: Array64;
  values: Array64;
  bounds: Array64;
  table: Array64;
}

/** Each value, scaled from its image's bounds to 0..1, selects one of 256 colours. */
export function colormapOverlay(
  { image, values, bounds, table }: Inputs,
  { opacity }: ColormapOverlayOptions,
): { y: Array64 } {
  const [N, H, W] = values.shape as [number, number, number];
  const y = array64([N, 3, H, W]);
  for (let n = 0; n < N; n++)
    for (let h = 0; h < H; h++)
      for (let w = 0; w < W; w++) {
        const [low, high] = [bounds.at(n, 0), bounds.at(n, 1)];
        const level = high === low ? 0 : (values.at(n, h, w) - low) / (high - low);
        const entry = Math.min(255, Math.max(0, Math.floor(level * 256)));
        for (let c = 0; c < 3; c++) {
          const colour = Number.isNaN(level) ? Number.NaN : table.at(entry, c);
          y.set(image.at(n, c, h, w) * (1 - opacity) + colour * opacity, n, c, h, w);
        }
      }
  return { y };
}
