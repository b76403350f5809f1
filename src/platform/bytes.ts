import { InputError } from '../errors/index.ts';
import type { ByteSource } from './types.ts';

/**
 * Wraps a buffer as a byte source.
 *
 * `read` returns a copy, so the caller may keep or change it.
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

/** Wraps a Blob or a picked File. It reads piece by piece, so a 230 MB weights file is never in memory as a whole. */
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

/** @throws InputError  the range is not within the source */
export function checkRange(range: { name: string; sizeBytes: number; offset: number; length: number }): void {
  const { name, sizeBytes, offset, length } = range;
  if (offset >= 0 && length >= 0 && offset + length <= sizeBytes) return;
  throw new InputError(`${name}: ends early (${sizeBytes} of ${offset + length} bytes). Download or copy it again`);
}

/** Returns lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
