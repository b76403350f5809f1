/** Helpers for byte sources, and formatting of sizes. */
import type { ByteSource } from '../platform/types.ts';

/** Returns `length` bytes from `offset`, or fewer if the source ends earlier. */
export function readUpTo(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  return source.read(offset, Math.max(0, Math.min(length, source.sizeBytes - offset)));
}

/** Runs `use` and closes the source if `use` throws, so that a failed open leaks no file handle. */
export async function closingOnError<T>(source: ByteSource, use: (source: ByteSource) => Promise<T>): Promise<T> {
  try {
    return await use(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Formats a size with a unit: `241 MB`, `9.8 kB`, `17 bytes`. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1e3) return `${sizeBytes} bytes`;
  if (sizeBytes < 1e6) return `${shortened(sizeBytes / 1e3)} kB`;
  if (sizeBytes < 1e9) return `${shortened(sizeBytes / 1e6)} MB`;
  return `${shortened(sizeBytes / 1e9)} GB`;
}

/** Formats two sizes. If they differ but would round to the same text, both are given in bytes. */
export function formatSizes(first: number, second: number): [string, string] {
  const [a, b] = [formatBytes(first), formatBytes(second)];
  return a === b && first !== second ? [`${first} bytes`, `${second} bytes`] : [a, b];
}

function shortened(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
