/** The cache of weights. It contains complete, checked files, each with a record of its size and digest beside it. */
import { createSha256, fileExists, fileStatus, joinPath, openFile, readTextFile, writeFileAtomic } from '#platform';
import type { ByteSource } from '../platform/types.ts';
import type { HttpsSource, NpmSource, ZooEntry } from './zoo.ts';

/** A complete file that was checked when it was downloaded. */
export interface CachedFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export type FileSource = HttpsSource | NpmSource;

/** Bytes per read while a digest is computed. */
const PIECE_BYTES = 4 << 20;

export function cachePath(folder: string, source: FileSource): string {
  return joinPath(folder, source.file);
}

/** Returns the path of the lock that is held while an entry is downloaded. */
export function lockPath(folder: string, { id }: ZooEntry): string {
  return joinPath(folder, `${id}.lock`);
}

/** Returns the entry's file, from any of its sources. Checks a file once if the user put it there by hand. */
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

/** Returns whether a digest starts with the known digits. */
export function matches(digest: string, expected: string | undefined): boolean {
  return expected === undefined || digest.startsWith(expected);
}

/** Returns the SHA-256 of a file of any size, in hexadecimal. */
export async function fileSha256(path: string): Promise<string> {
  const source = await openFile(path);
  try {
    return await sourcesSha256([source]);
  } finally {
    await source.close();
  }
}

/** Returns the SHA-256 of the concatenated sources, in hexadecimal. */
export async function sourcesSha256(sources: readonly ByteSource[]): Promise<string> {
  const hash = createSha256();
  const piece = new Uint8Array(PIECE_BYTES); // reused: V8 would let 64 MB of buffers pile up before it frees them
  for (const source of sources) {
    for (let offset = 0; offset < source.sizeBytes; offset += PIECE_BYTES) {
      hash.update(await source.read(offset, Math.min(PIECE_BYTES, source.sizeBytes - offset), piece));
    }
  }
  return hash.digestHex();
}

/** Records size and digest, so that the next start does not read the whole file. A read-only cache is not an error. */
export async function writeRecord(file: CachedFile): Promise<CachedFile> {
  await writeFileAtomic(recordPath(file.path), `${file.sha256}  ${file.sizeBytes}\n`).catch(() => undefined);
  return file;
}

/** Returns the path of the record of a cached file's size and digest. */
export function recordPath(path: string): string {
  return `${path}.sha256`;
}

interface CacheRecord {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** A file that was modified after this time is checked again. */
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
