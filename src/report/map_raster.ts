/** Renders maps as pixels: colours for values, and a map blended over a picture. */
import { colormapTable } from './colormap.ts';
import type { Picture } from './picture.ts';

/** Ends of the signed scale: blue below zero, orange above; zero is transparent. */
export const SIGNED_ENDS = { negative: [74, 156, 255], positive: [255, 150, 48] } as const;

export interface MapScale {
  /** The values at the ends of the scale. On a signed scale zero is in the middle, and the ends are ±`bounds[1]`. */
  readonly bounds: readonly [number, number];
  /** A name from `COLORMAP_NAMES`, or `signed`. */
  readonly colormap: string;
}

/** Returns a scale for signed values: zero is in the middle, whatever the range. */
export function signedScale([least, greatest]: readonly [number, number]): MapScale {
  const end = Math.max(Math.abs(least), Math.abs(greatest));
  return { bounds: [-end, end], colormap: 'signed' };
}

/**
 * Maps values to colours: entry `floor(share * 256)` of the table, as in matplotlib.
 *
 * values   [n]; values outside the bounds get the colour of that end, values of a constant map the first colour
 * returns  [n, 4], 0..255, not premultiplied; opaque, except that on the signed scale opacity grows with |value|
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

/** Blends the colours of `paintMap` over a picture of the same size; `opacity` is 0..1. */
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

/** Returns the colours of a colour bar: [256, 3], the smallest value first; the signed scale is blended over black. */
export function scaleTable(colormap: string): Uint8Array {
  if (colormap !== 'signed') return colormapTable(colormap);
  const shares = Float32Array.from({ length: 256 }, (_, i) => (i - 127.5) / 127.5);
  const black = { width: 256, height: 1, pixels: new Uint8Array(3 * 256) };
  return layOver(black, paintMap(shares, { bounds: [-1, 1], colormap }), 1).pixels;
}
