/** Turns stored colours into 8-bit RGB. */
import type { Elements } from './data_set.ts';
import { FrameError } from './frames.ts';
import type { ImageHeader } from './image_header.ts';
import { bitsInUse, lookUp, readLookup } from './lookup.ts';
import { type StoredFrame, UnsupportedFrame } from './stored_frame.ts';

/** Returns pixels [height, width, 3] of a frame of three channels. */
export function colourPixels(frame: StoredFrame, { photometric, width, height }: ImageHeader): Uint8Array {
  const { values, isPlanar, isRgb, shift, bits } = frame;
  const isFull422 = photometric === 'YBR_FULL_422' && values.length === 2 * width * height;
  const count = width * height;
  const pixels = new Uint8Array(3 * count);
  const [mask, scale] = [2 ** bits - 1, 255 / (2 ** bits - 1)];
  const byteAt = (at: number) => Math.round((((values[at]! >>> shift) & mask) >>> 0) * scale);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) {
      // Two luma samples, then the pair's blue and red difference.
      const at422 = 4 * (i >> 1) + (c === 0 ? i & 1 : 1 + c);
      pixels[3 * i + c] = byteAt(isFull422 ? at422 : isPlanar ? c * count + i : 3 * i + c);
    }
  }
  if (!isRgb && photometric.startsWith('YBR_FULL')) toRgb(pixels);
  return pixels;
}

/** Source: DICOM PS3.3 C.7.6.3.1.2, ITU-T T.871 */
function toRgb(pixels: Uint8Array): void {
  const clamp = (value: number) => Math.min(Math.max(Math.round(value), 0), 255);
  for (let i = 0; i < pixels.length; i += 3) {
    const [y, blue, red] = [pixels[i]!, pixels[i + 1]! - 128, pixels[i + 2]! - 128];
    pixels[i] = clamp(y + 1.402 * red);
    pixels[i + 1] = clamp(y - 0.344136286 * blue - 0.714136286 * red);
    pixels[i + 2] = clamp(y + 1.772 * blue);
  }
}

/**
 * Returns pixels [height, width, 3] of a frame with a palette.
 *
 * @throws UnsupportedFrame  the palette is segmented
 * @throws FrameError        it is missing
 */
export function palettePixels(
  { values, shift, bits }: StoredFrame,
  header: ImageHeader,
  elements: Elements,
): Uint8Array {
  if (elements.has('x00281221')) throw new UnsupportedFrame('a segmented palette');
  const palettes = ['1', '2', '3'].map(n => {
    const palette = readLookup(elements, { descriptor: `x0028110${n}`, data: `x0028120${n}` }, header.isSigned);
    if (palette === undefined) throw new FrameError('its palette is missing or cut short');
    return palette;
  });
  // Some writers say 16 bits and store 8: all three are scaled alike.
  const most = 2 ** Math.max(...palettes.map(palette => (bitsInUse(palette) <= 8 ? 8 : palette.bits))) - 1;
  const top = 2 ** bits;
  const pixels = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    const raw = (values[i]! >>> shift) & (top - 1);
    const value = header.isSigned && raw >= top / 2 ? raw - top : raw;
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = Math.round((lookUp(palettes[c]!, value) * 255) / most);
  }
  return pixels;
}
