/** What most cases of weights share: bytes in a file, of which every tensor is read. */
import { truncateSync, writeFileSync } from 'node:fs';
import { openWeights } from '../../src/weights/open_weights.ts';
import type { HostileCase } from './case.ts';

export const zeros = (count: number) => new Uint8Array(count);

/** Opens the file and reads every tensor. Gives the tensors' names. */
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

/** A file of any size that takes no room on the disk. */
export function sparse(folder: string, { start, sizeBytes }: { start: Uint8Array; sizeBytes: number }): string {
  const path = `${folder}/weights.bin`;
  writeFileSync(path, start);
  truncateSync(path, sizeBytes);
  return path;
}
