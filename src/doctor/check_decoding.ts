import { decodeImage, encodePng } from '#platform';
import { messageOf } from '../errors/index.ts';

/** Whether image files can be encoded and decoded on this system. */
export interface DecodingCheck {
  readonly passed: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** Encodes a small picture and decodes it again. Never throws. */
export async function checkDecoding(): Promise<DecodingCheck> {
  const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256);
  try {
    const decoded = await decodeImage(await encodePng({ width: 8, height: 8, pixels }), 'self-test.png');
    const isEqual = decoded.pixels.length === pixels.length && decoded.pixels.every((value, i) => value === pixels[i]);
    return isEqual ? { passed: true } : { passed: false, reason: 'a PNG has other pixels after it was decoded' };
  } catch (error) {
    return { passed: false, reason: messageOf(error) };
  }
}
