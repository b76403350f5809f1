/** Decoders that both platforms use. They load when they are first needed. */
import { type About, imageOfPixels } from './finish.ts';
import { type Samples, scaleSamples } from './samples.ts';
import type { DecodedImage } from './types.ts';

/** Decodes one page of a TIFF file. @throws InputError | Error  see `readTiff` */
export async function decodeTiff(bytes: Uint8Array, name: string, frame: number): Promise<DecodedImage> {
  const { readTiff } = await import('./tiff.ts');
  const { photometric, pages, orientation, ...samples } = await readTiff(bytes, name, frame);
  const details: Record<string, number> = pages > 1 ? { page: frame, pages } : {};
  return imageOfSamples(samples, name, { format: 'TIFF', photometric, orientation, details });
}

/** Decodes a Netpbm file. @throws InputError | Error  see `readNetpbm` */
export async function decodeNetpbm(
  bytes: Uint8Array,
  name: string,
  format: 'PBM' | 'PGM' | 'PPM',
): Promise<DecodedImage> {
  const { readNetpbm } = await import('./netpbm.ts');
  return imageOfSamples(readNetpbm(bytes, name), name, { format, photometric: format === 'PPM' ? 'RGB' : 'grey' });
}

/** Decodes a PNG file whose samples have 16 bits. @throws InputError | Error  see `readDeepPng` */
export async function decodeDeepPng(bytes: Uint8Array, name: string): Promise<DecodedImage> {
  const { readDeepPng } = await import('./deep_png.ts');
  const samples = readDeepPng(bytes);
  return imageOfSamples(samples, name, { format: 'PNG', photometric: samples.channels < 3 ? 'grey' : 'RGB' });
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
