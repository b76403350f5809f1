/** Puts a decoded image together: its pixels, its description, and the notes on it. */
import { ORIENTATIONS } from './orientation.ts';
import type { DecodedImage, ImageDescription } from './types.ts';

/** What a decoder knows about an image besides its pixels. */
export interface About extends Pick<ImageDescription, 'format' | 'photometric'> {
  readonly bits?: number;
  /** The orientation that was applied; 1 by default, which leaves the image as it is. */
  readonly orientation?: number;
  readonly details?: ImageDescription['details'];
  readonly notes?: readonly string[];
}

/** Returns the image of 8-bit pixels [height, width, 3]. */
export function imageOfPixels(
  { width, height, pixels }: { readonly width: number; readonly height: number; readonly pixels: Uint8Array },
  { format, photometric, bits = 8, orientation = 1, details = {}, notes = [] }: About,
  bitsUsed = bits,
): DecodedImage {
  const turned = ORIENTATIONS.get(orientation);
  const all = [
    ...notes,
    turned === undefined ? undefined : `was ${turned}, as its EXIF orientation asks (torchvision does not do this)`,
    noteOnPixels(pixels),
  ].filter(note => note !== undefined);
  const description = {
    format,
    width,
    height,
    bits,
    bitsUsed,
    photometric,
    details: { ...(turned === undefined ? {} : { orientation: turned }), ...details },
  };
  return { width, height, pixels, description, ...(all.length === 0 ? {} : { notes: all }) };
}

/** An image whose values differ by less than this is nearly constant. */
const CONSTANT_RANGE = 8;
/** An image without a value of at least this is nearly black. */
const BLACK_BELOW = 32;

/** Returns a note if pixels are all but constant or black, which no X-ray is. */
function noteOnPixels(pixels: Uint8Array): string | undefined {
  let [least, greatest] = [255, 0];
  for (const value of pixels) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    // In almost every image, the first rows decide.
    if (greatest >= BLACK_BELOW && greatest - least >= CONSTANT_RANGE) return undefined;
  }
  if (greatest - least < CONSTANT_RANGE) return `is nearly constant (${least} to ${greatest} of 255)`;
  return greatest < BLACK_BELOW ? `is nearly black (${least} to ${greatest} of 255)` : undefined;
}
