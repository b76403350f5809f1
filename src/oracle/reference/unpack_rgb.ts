import type { UnpackRgbOptions } from '../../kernels/unpack_rgb.ts';
import { type Array64, array64 } from '../array64.ts';

/** Byte b of the image is byte b % 4 of word b / 4, and channel b % 3 of pixel b / 3. */
export function unpackRgb({ x }: { x: Array64 }, { height, width }: UnpackRgbOptions): { y: Array64 } {
  const y = array64([3, height, width]);
  for (let h = 0; h < height; h++)
    for (let w = 0; w < width; w++)
      for (let c = 0; c < 3; c++) {
        const byte = (h * width + w) * 3 + c;
        y.set(Math.floor(x.at(Math.floor(byte / 4)) / 256 ** (byte % 4)) % 256, c, h, w);
      }
  return { y };
}
