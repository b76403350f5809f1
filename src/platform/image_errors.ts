/**
 * Explains in one message why bytes cannot be decoded as an image. Both platforms use it.
 *
 * `reason` is the decoder's message.
 */
export function describeNonImage(bytes: Uint8Array, name: string, reason: string): string {
  if (bytes.length === 0) return `${name}: is empty. Download or copy it again`;
  if (hasText(bytes, 'DICM', 128)) {
    return `${name}: is a DICOM file, not a JPEG or PNG image. Convert it to PNG first, for instance with dcm2pnm`;
  }
  const why = reason.replace(/\s+/g, ' ').trim();
  if (/pixel limit/i.test(why)) return `${name}: has more than 100 megapixels. Scale it down first`;
  if (isImage(bytes)) {
    return `${name}: is damaged (${why}). Download or copy it again`;
  }
  return `${name}: is not an image that can be decoded (${why}). Supported: JPEG, PNG, WebP, GIF, TIFF, AVIF`;
}

/** Recognises JPEG, PNG, GIF, TIFF, WebP and AVIF by their first bytes. */
function isImage(bytes: Uint8Array): boolean {
  return (
    (bytes[0] === 0xff && bytes[1] === 0xd8) ||
    hasText(bytes, 'PNG', 1) ||
    hasText(bytes, 'GIF8', 0) ||
    hasText(bytes, 'II*\0', 0) ||
    hasText(bytes, 'MM\0*', 0) ||
    hasText(bytes, 'WEBP', 8) ||
    hasText(bytes, 'ftypavif', 4)
  );
}

function hasText(bytes: Uint8Array, text: string, offset: number): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}
