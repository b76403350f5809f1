/** Small helpers over byte sources, and sizes in words. */
import type { ByteSource } from '../platform/types.ts';

/** The bytes from `offset`, `length` of them or as many as there are. */
export function readUpTo(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  return source.read(offset, Math.max(0, Math.min(length, source.sizeBytes - offset)));
}

/** Runs `use` and closes the source if it throws: who opens a file either hands it on or closes it. */
export async function closingOnError<T>(source: ByteSource, use: (source: ByteSource) => Promise<T>): Promise<T> {
  try {
    return await use(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** A size as people read it: `241 MB`, `118.2 kB`, `17 bytes`. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1e3) return `${sizeBytes} bytes`;
  if (sizeBytes < 1e6) return `${shortened(sizeBytes / 1e3)} kB`;
  if (sizeBytes < 1e9) return `${shortened(sizeBytes / 1e6)} MB`;
  return `${shortened(sizeBytes / 1e9)} GB`;
}

/** Two sizes that differ, told apart: to the byte where rounding would make them look alike. */
export function formatSizes(first: number, second: number): [string, string] {
  const [a, b] = [formatBytes(first), formatBytes(second)];
  return a === b && first !== second ? [`${first} bytes`, `${second} bytes`] : [a, b];
}

function shortened(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
