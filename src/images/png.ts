/** Parts of PNG that decoders do not report. Source: PNG, third edition, section 11 */

/**
 * Returns how many bits of each sample are significant according to the sBIT chunk, or undefined. Of several channels,
 * returns the largest.
 */
export function significantBits(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === 'sBIT' && length >= 1 && length <= 4) return Math.max(...bytes.subarray(at + 8, at + 8 + length));
    if (type === 'IDAT') return undefined;
    at += 12 + length;
  }
  return undefined;
}

/** Returns whether a PNG file's samples have 16 bits. */
export function hasDeepSamples(bytes: Uint8Array): boolean {
  return bytes[24] === 16;
}
