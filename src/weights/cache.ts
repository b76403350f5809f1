/** The cache of weights: whole, checked files, and beside each a record of its size and digest. */
import { createSha256, fileExists, fileStatus, joinPath, openFile, readTextFile, writeFileAtomic } from '#platform';
import type { ByteSource } from '../platform/types.ts';
import type { HttpsSource, NpmSource, ZooEntry } from './zoo.ts';

/** A whole file that was checked when it came. */
export interface CachedFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export type FileSource = HttpsSource | NpmSource;

/** Read at once while a digest is computed. */
const PIECE_BYTES = 4 << 20;

export function cachePath(folder: string, source: FileSource): string {
  return joinPath(folder, source.file);
}

/** Held while an entry is fetched. */
export function lockPath(folder: string, { id }: ZooEntry): string {
  return joinPath(folder, `${id}.lock`);
}

/** The entry's file, from whichever source it came. A file that somebody put there is checked first, once. */
export async function findCached(entry: ZooEntry, folder: string): Promise<CachedFile | undefined> {
  for (const source of entry.sources) {
    if (source.kind === 'net2net') continue;
    const found = await findFile(cachePath(folder, source), source.sha256);
    if (found) return found;
  }
  return undefined;
}

async function findFile(path: string, expected: string | undefined): Promise<CachedFile | undefined> {
  if (!(await fileExists(path))) return undefined;
  const { sizeBytes, modifiedMs } = await fileStatus(path);
  const record = await readRecord(path);
  const isAsItCame = record?.sizeBytes === sizeBytes && modifiedMs <= record.notedMs;
  if (record && isAsItCame && matches(record.sha256, expected)) return { path, sha256: record.sha256, sizeBytes };
  const digest = await fileSha256(path);
  const isKnown = record ? record.sha256 === digest : true;
  if (!isKnown || !matches(digest, expected)) return undefined;
  return writeRecord({ path, sha256: digest, sizeBytes });
}

/** Whether a digest begins with the digits that are known of it. */
export function matches(digest: string, expected: string | undefined): boolean {
  return expected === undefined || digest.startsWith(expected);
}

/** SHA-256 of a file of any size, in hexadecimal. */
export async function fileSha256(path: string): Promise<string> {
  const source = await openFile(path);
  try {
    return await sourcesSha256([source]);
  } finally {
    await source.close();
  }
}

/** The same of several, end to end: for one, that of the file. */
export async function sourcesSha256(sources: readonly ByteSource[]): Promise<string> {
  const hash = createSha256();
  const piece = new Uint8Array(PIECE_BYTES); // one for all: the engine lets 64 MB of them pile up
  for (const source of sources) {
    for (let offset = 0; offset < source.sizeBytes; offset += PIECE_BYTES) {
      hash.update(await source.read(offset, Math.min(PIECE_BYTES, source.sizeBytes - offset), piece));
    }
  }
  return hash.digestHex();
}

/** Notes what was found, so that the next start need not read the whole file. A cache that cannot be written to is no error. */
export async function writeRecord(file: CachedFile): Promise<CachedFile> {
  await writeFileAtomic(recordPath(file.path), `${file.sha256}  ${file.sizeBytes}\n`).catch(() => undefined);
  return file;
}

/** Where a cached file's size and digest are noted. */
export function recordPath(path: string): string {
  return `${path}.sha256`;
}

interface CacheRecord {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** A file that was changed after this is looked at anew. */
  readonly notedMs: number;
}

async function readRecord(path: string): Promise<CacheRecord | undefined> {
  try {
    const { modifiedMs } = await fileStatus(recordPath(path));
    const match = /^([0-9a-f]{64}) {2}(\d+)\n$/.exec(await readTextFile(recordPath(path)));
    return match ? { sha256: match[1]!, sizeBytes: Number(match[2]), notedMs: modifiedMs } : undefined;
  } catch {
    return undefined;
  }
}
