/** Explains in one sentence why bytes cannot be decoded as an image. */
import { imageKind } from './kinds.ts';
import { jpegFrame, otherKind } from './other_kinds.ts';

/** Formats that both platforms decode. */
const SUPPORTED = 'Supported: JPEG, PNG, WebP, GIF, TIFF, BMP, PGM, PPM, AVIF, DICOM';

/**
 * Returns the message for a file that cannot be decoded: it is empty, of a kind that is not supported, or damaged.
 * `reason` is the decoder's message.
 */
export function describeNonImage(bytes: Uint8Array, name: string, reason: string): string {
  if (bytes.length === 0) return `${name}: is empty. Download or copy it again`;
  const why = reason.replace(/\s+/g, ' ').trim();
  if (/pixel limit/i.test(why)) return `${name}: has more than 100 megapixels. Scale it down first`;
  const kind = imageKind(bytes);
  if (kind === undefined) {
    const other = otherKind(bytes);
    if (other !== undefined) return `${name}: is ${other}, which Raycam does not decode. ${SUPPORTED}`;
    return `${name}: is not an image that can be decoded (${why}). ${SUPPORTED}`;
  }
  const unsupported = kind === 'JPEG' ? unsupportedJpeg(bytes) : UNSUPPORTED.test(why) ? why : undefined;
  if (unsupported !== undefined)
    return `${name}: is a ${kind} file of a kind that Raycam does not read (${unsupported}). Save it as 8- or 16-bit PNG`;
  return `${name}: is damaged (${why}). Download or copy it again`;
}

/** What decoders say about intact files of a kind that they do not know. */
const UNSUPPORTED =
  /unsupported|not supported|not implemented|unimplemented|not configured|no decoder|no known route|unknown compression|bad labq|whole number of bytes|bit depth/i;

/** Returns what is unusual about a JPEG file, if common decoders do not read it. */
function unsupportedJpeg(bytes: Uint8Array): string | undefined {
  const frame = jpegFrame(bytes);
  if (frame === undefined) return undefined;
  if (frame.process === 'JPEG-LS') return 'JPEG-LS';
  if (frame.precision !== 8) return `${frame.precision} bits per sample`;
  return frame.process === 'hierarchical' ? 'hierarchical JPEG' : undefined;
}
