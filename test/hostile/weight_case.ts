/** Helpers for the weights cases. Most of them write bytes to a file and read every tensor. */
import { truncateSync, writeFileSync } from 'node:fs';
import { openWeights } from '../../src/weights/open_weights.ts';
import type { HostileCase } from './case.ts';

export const zeros = (count: number) => new Uint8Array(count);

/** Opens the file and reads every tensor. Returns the tensors' names. */
export async function readAll(path: string): Promise<string[]> {
  const file = await openWeights(path);
  try {
    for (const entry of file.tensors.values()) await entry.read();
    return [...file.tensors.keys()];
  } finally {
    await file.close();
  }
}

export function fileCase(
  name: string,
  bytes: () => Uint8Array | string,
  expected: RegExp | { value: unknown },
): HostileCase {
  return {
    kind: 'weights',
    name,
    make(folder) {
      const path = `${folder}/weights.bin`;
      writeFileSync(path, bytes());
      return path;
    },
    use: readAll,
    expected,
  };
}

/** Makes a sparse file, which takes no space on the disk whatever its size. */
export function sparse(folder: string, { start, sizeBytes }: { start: Uint8Array; sizeBytes: number }): string {
  const path = `${folder}/weights.bin`;
  writeFileSync(path, start);
  truncateSync(path, sizeBytes);
  return path;
}
