/** Limits that keep a hostile file from exhausting the memory. */
import { InputError } from '../errors/index.ts';

/** Larger images are refused: 100 megapixels decode to 300 MB, and no X-ray detector has that many. */
export const MAX_PIXELS = 100e6;

/** Above this size, an image with too many pixels per byte is a decompression bomb; X-rays have at most 30 per byte. */
const UNSUSPICIOUS_PIXELS = 8e6;
const MAX_PIXELS_PER_BYTE = 200;

/**
 * Checks an image's size before anything is allocated for its pixels.
 *
 * @throws InputError  it is too large
 * @throws Error       it is empty, or too large for the bytes of its file
 */
export function checkPixels(
  { width, height }: { readonly width: number; readonly height: number },
  sizeBytes: number,
  name: string,
): void {
  const pixels = width * height;
  if (!(width >= 1 && height >= 1)) throw new Error(`${width} x ${height} pixels`);
  if (pixels > MAX_PIXELS) throw new InputError(`${name}: has more than 100 megapixels. Scale it down first`);
  if (pixels <= UNSUSPICIOUS_PIXELS || pixels <= sizeBytes * MAX_PIXELS_PER_BYTE) return;
  throw new Error(`${width} x ${height} pixels in ${sizeBytes} bytes are too many for a photograph`);
}
