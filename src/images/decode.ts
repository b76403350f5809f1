/** Decoders that both platforms use. They load when they are first needed. */
import { imageOfSamples } from './finish.ts';
import type { ImageKind } from './kinds.ts';
import type { DecodedImage } from './types.ts';

/** Decodes one page of a TIFF file. @throws InputError | Error  see `readTiff` */
export async function decodeTiff(bytes: Uint8Array, name: string, frame: number): Promise<DecodedImage> {
  const { readTiff } = await import('./tiff.ts');
  const { photometric, pages, orientation, ...samples } = await readTiff(bytes, name, frame);
  const details: Record<string, number> = pages > 1 ? { page: frame, pages } : {};
  return imageOfSamples(samples, name, { format: 'TIFF', photometric, orientation, details });
}

/** Returns whether a kind is one of Netpbm's. */
export function isNetpbm(kind: ImageKind | undefined): kind is 'PBM' | 'PGM' | 'PPM' {
  return kind === 'PBM' || kind === 'PGM' || kind === 'PPM';
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
