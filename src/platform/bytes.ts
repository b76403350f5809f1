import { InputError } from '../errors.ts';
import type { ByteSource } from './types.ts';

/**
 * A buffer as a byte source.
 *
 * `read` copies, so the caller may keep or change what it gets.
 */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    sizeBytes: bytes.length,
    async read(offset, length) {
      checkRange({ name, sizeBytes: bytes.length, offset, length });
      return bytes.slice(offset, offset + length);
    },
    async close() {},
  };
}

/** A Blob or a File the reader picked, read piece by piece: a 230 MB weights file never is in memory whole. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    sizeBytes: blob.size,
    async read(offset, length) {
      checkRange({ name, sizeBytes: blob.size, offset, length });
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
    async close() {},
  };
}

/** @throws InputError  the range does not lie within the source */
export function checkRange(range: { name: string; sizeBytes: number; offset: number; length: number }): void {
  const { name, sizeBytes, offset, length } = range;
  if (offset >= 0 && length >= 0 && offset + length <= sizeBytes) return;
  throw new InputError(
    `${name}: bytes ${offset} to ${offset + length} were asked for, the file has ${sizeBytes}. ` +
      'It is cut short or not of the kind its name says',
  );
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
