import { promisify } from 'node:util';
import { inflateRaw as inflate } from 'node:zlib';

/** Deflated bytes unpacked, if they unpack to exactly `sizeBytes`; never more is unpacked. */
export async function inflateRaw(bytes: Uint8Array, sizeBytes: number): Promise<Uint8Array | undefined> {
  try {
    const inflated = await promisify(inflate)(bytes, { maxOutputLength: Math.max(sizeBytes, 1) });
    if (inflated.length !== sizeBytes) return undefined;
    return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length);
  } catch {
    return undefined;
  }
}
