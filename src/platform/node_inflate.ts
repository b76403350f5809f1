import { promisify } from 'node:util';
import { inflateRaw as inflate } from 'node:zlib';

/** Inflates raw deflate data. Returns undefined unless it inflates to exactly `sizeBytes`, and never inflates more. */
export async function inflateRaw(bytes: Uint8Array, sizeBytes: number): Promise<Uint8Array | undefined> {
  try {
    const inflated = await promisify(inflate)(bytes, { maxOutputLength: Math.max(sizeBytes, 1) });
    if (inflated.length !== sizeBytes) return undefined;
    return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length);
  } catch {
    return undefined;
  }
}
