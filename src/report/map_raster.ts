/** Maps as pixels: colours for values, and a map laid over a picture. */
import { colormapTable } from './colormap.ts';
import type { Picture } from './picture.ts';

/** Ends of the signed scale: blue below zero, orange above; zero is see-through. */
export const SIGNED_ENDS = { negative: [74, 156, 255], positive: [255, 150, 48] } as const;

export interface MapScale {
  /** The values that the ends of the scale stand for. A signed scale has zero in its middle, and `bounds[1]` at either end. */
  readonly bounds: readonly [number, number];
  /** A name of `COLORMAP_NAMES`, or `signed`. */
  readonly colormap: string;
}

/** A scale for signed values: zero in the middle, whatever the range. */
export function signedScale([least, greatest]: readonly [number, number]): MapScale {
  const end = Math.max(Math.abs(least), Math.abs(greatest));
  return { bounds: [-end, end], colormap: 'signed' };
}

/**
 * Values as colours.
 *
 * values   [n]; what is outside the bounds takes the end's colour, and of a constant map every value the first
 * returns  [n, 4], 0..255, not premultiplied: opaque, but on the signed scale as opaque as the value is far from zero
 */
export function paintMap(values: ArrayLike<number>, { bounds, colormap }: MapScale): Uint8ClampedArray<ArrayBuffer> {
  const [least, greatest] = bounds;
  const rgba = new Uint8ClampedArray(values.length * 4);
  if (colormap === 'signed') {
    for (let i = 0; i < values.length; i++) {
      const share = greatest > 0 ? values[i]! / greatest : 0;
      const end = share < 0 ? SIGNED_ENDS.negative : SIGNED_ENDS.positive;
      for (let c = 0; c < 3; c++) rgba[4 * i + c] = end[c]!;
      rgba[4 * i + 3] = 255 * Math.min(1, Math.abs(share));
    }
    return rgba;
  }
  const table = colormapTable(colormap);
  const span = greatest - least;
  for (let i = 0; i < values.length; i++) {
    const share = span > 0 ? (values[i]! - least) / span : 0;
    const entry = 3 * Math.max(0, Math.min(255, Math.floor(share * 256)));
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = table[entry + c]!;
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

/** Colours of `paintMap` laid over a picture of the same size; `opacity` is 0..1. */
export function layOver(picture: Picture, rgba: Uint8ClampedArray, opacity: number): Picture {
  const { width, height } = picture;
  const pixels = new Uint8Array(picture.pixels.length);
  for (let p = 0; p < width * height; p++) {
    const share = (opacity * rgba[4 * p + 3]!) / 255;
    for (let c = 0; c < 3; c++)
      pixels[3 * p + c] = Math.round((1 - share) * picture.pixels[3 * p + c]! + share * rgba[4 * p + c]!);
  }
  return { width, height, pixels };
}

/** What a colour bar shows: [256, 3], the least value first; the signed scale stands on black. */
export function scaleTable(colormap: string): Uint8Array {
  if (colormap !== 'signed') return colormapTable(colormap);
  const shares = Float32Array.from({ length: 256 }, (_, i) => (i - 127.5) / 127.5);
  const black = { width: 256, height: 1, pixels: new Uint8Array(3 * 256) };
  return layOver(black, paintMap(shares, { bounds: [-1, 1], colormap }), 1).pixels;
}
