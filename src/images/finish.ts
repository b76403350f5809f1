/** Puts a decoded image together: its pixels, its description, and the notes on it. */
import { ORIENTATIONS } from './orientation.ts';
import { noteOnPixels, type Samples, scaleSamples } from './samples.ts';
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

/** Returns the image of samples of any depth. @throws InputError  see `scaleSamples` */
export function imageOfSamples(samples: Samples, name: string, about: About): DecodedImage {
  const { width, height, bits } = samples;
  const { pixels, bitsUsed, range, note } = scaleSamples(samples, name);
  const isNominal = bits <= 8 && !samples.isFloat;
  return imageOfPixels(
    { width, height, pixels },
    {
      ...about,
      photometric: samples.isFloat ? `${about.photometric}, floating point` : about.photometric,
      bits,
      details: { ...(isNominal ? {} : { black: range[0], white: range[1] }), ...about.details },
      notes: [...(note === undefined ? [] : [note]), ...(about.notes ?? [])],
    },
    bitsUsed,
  );
}
