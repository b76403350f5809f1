import { type ByteSource, baseName, listDirectory, openFile, readTextFile, sha256, writeFileAtomic } from '#platform';
import { InputError, RaycamError } from '../errors/index.ts';
import { bytesOf } from '../weights/dtypes.ts';
import { openSafetensors } from '../weights/safetensors.ts';
import { writeSafetensors } from '../weights/safetensors_writer.ts';

/** A part of a feature store: rows that were written together and never change. */
export interface FeatureShard {
  readonly path: string;
  readonly keys: readonly string[];
  readonly dimension: number;
  /** SHA-256 of the rows' bytes. */
  readonly digest: string;
  /** What computed the rows. Undefined for shards of earlier versions, which did not record the origin. */
  readonly origin: string | undefined;
}

/** State of an image file when its pixels were hashed. */
export interface FileRecord {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly pixelsHash: string;
}

const TENSOR = 'features';

/**
 * Must be incremented when files are decoded to other pixels. Records of other versions are ignored, so that their images
 * are decoded again. Version 1 read 12 bits in 16-bit files as 16 bits; its records have no version.
 */
const DECODER_VERSION = 2;

/** Maximum bytes of one file of records. A flush writes a few kilobytes. */
const MAX_RECORDS_BYTES = 16e6;

/**
 * Writes rows as a safetensors file whose metadata lists their keys.
 *
 * rows  [keys.length, dimension]
 */
export async function writeShard(
  directory: string,
  shard: { space: string; origin: string | undefined; keys: readonly string[]; rows: Float32Array },
): Promise<FeatureShard> {
  const { space, origin, keys, rows } = shard;
  const dimension = rows.length / keys.length;
  const digest = await sha256(bytesOf(rows));
  const path = `${directory}/${uniqueName('rows')}.safetensors`;
  const tensor = { name: TENSOR, shape: [keys.length, dimension], values: rows };
  const metadata = { space, keys: keys.join(' '), sha256: digest, ...(origin !== undefined && { origin }) };
  await writeFileAtomic(path, writeSafetensors([tensor], metadata));
  return { path, keys, dimension, digest, origin };
}

export interface ScanOptions {
  readonly space: string;
  /** Number of values in each row, if known. */
  readonly dimension?: number;
  readonly note: (text: string) => void;
}

/**
 * Returns the shards of a folder. Reads only their headers. Skips shards that cannot be used, and sends the reason for
 * each to `note`.
 */
export async function scanShards(directory: string, { space, dimension, note }: ScanOptions): Promise<FeatureShard[]> {
  const shards: FeatureShard[] = [];
  for (const { name } of await listDirectory(directory)) {
    if (!/^rows-.*\.safetensors$/.test(name)) continue;
    try {
      const shard = await readShardHeader(`${directory}/${name}`, space);
      if (dimension !== undefined && shard.dimension !== dimension)
        throw new InputError(`${name}: rows must have ${dimension} values, got ${shard.dimension}`);
      shards.push(shard);
    } catch (error) {
      if (!(error instanceof RaycamError)) throw error;
      note(`features: skipped ${name}; its rows will be computed again (${error.message})`);
    }
  }
  return shards;
}

async function readShardHeader(path: string, space: string): Promise<FeatureShard> {
  const source = await openFile(path);
  try {
    const { tensors, metadata } = await openSafetensors(source);
    const [rows, dimension, ...rest] = tensors.get(TENSOR)?.shape ?? [];
    const keys = metadata.keys?.split(' ') ?? [];
    if (tensors.get(TENSOR)?.dtype !== 'F32')
      throw new InputError(`${baseName(path)}: is not a feature shard (it has no float32 tensor "${TENSOR}")`);
    if (metadata.space !== space)
      throw new InputError(`${baseName(path)}: belongs to another network or preprocessing`);
    if (tensors.size !== 1 || dimension === undefined || rest.length > 0 || keys.length !== rows) {
      const found = [...tensors.values()].map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
      throw new InputError(`${baseName(path)}: is damaged (it has ${keys.length} keys for ${found.join(', ')})`);
    }
    return { path, keys, dimension, digest: metadata.sha256 ?? '', origin: metadata.origin };
  } finally {
    await source.close();
  }
}

/** Returns rows of one shard in the requested order. Reads once, from the first of these rows to the last. */
export async function readRows(shard: FeatureShard, rows: readonly number[]): Promise<Float32Array[]> {
  const { dimension } = shard;
  const first = rows.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = rows.reduce((a, b) => Math.max(a, b), 0);
  const source = await openFile(shard.path);
  try {
    const values = await readSpan(source, shard, { first, count: last - first + 1 });
    return rows.map(row => values.slice((row - first) * dimension, (row - first + 1) * dimension));
  } finally {
    await source.close();
  }
}

/** Checks a shard's rows against its hash. @throws InputError  the rows do not match the hash */
export async function checkShard(shard: FeatureShard): Promise<void> {
  const source = await openFile(shard.path);
  try {
    const rows = await readSpan(source, shard, { first: 0, count: shard.keys.length });
    if ((await sha256(bytesOf(rows))) === shard.digest) return;
  } finally {
    await source.close();
  }
  throw new InputError(`${shard.path}: is damaged (its rows do not match its SHA-256). Copy or compute it again`);
}

/** Reads rows. The only tensor ends at the end of the file, so its position follows from the file size. */
async function readSpan(source: ByteSource, shard: FeatureShard, span: { first: number; count: number }) {
  const rowBytes = shard.dimension * 4;
  const offset = source.sizeBytes - (shard.keys.length - span.first) * rowBytes;
  const bytes = await source.read(offset, span.count * rowBytes);
  return new Float32Array(bytes.buffer, bytes.byteOffset, span.count * shard.dimension);
}

/** Writes one line of JSON per image file. Each flush writes a new file. */
export async function writeFileRecords(directory: string, records: readonly FileRecord[]): Promise<void> {
  const lines = records.map(r => JSON.stringify([r.path, r.sizeBytes, r.modifiedMs, r.pixelsHash, DECODER_VERSION]));
  await writeFileAtomic(`${directory}/${uniqueName('files')}.jsonl`, `${lines.join('\n')}\n`);
}

/**
 * Reads the records of a folder. Skips records that cannot be read; the only consequence is that their images are
 * decoded again.
 */
export async function scanFileRecords(directory: string): Promise<FileRecord[]> {
  const records: FileRecord[] = [];
  for (const { name } of await listDirectory(directory)) {
    if (!/^files-.*\.jsonl$/.test(name)) continue;
    const text = await readTextFile(`${directory}/${name}`, MAX_RECORDS_BYTES).catch(() => '');
    for (const line of text.split('\n')) records.push(...parseRecord(line));
  }
  return records;
}

function parseRecord(line: string): FileRecord[] {
  try {
    const [path, sizeBytes, modifiedMs, pixelsHash, decoder] = JSON.parse(line) as unknown[];
    const isRecord =
      typeof path === 'string' &&
      typeof sizeBytes === 'number' &&
      typeof modifiedMs === 'number' &&
      typeof pixelsHash === 'string' &&
      /^[0-9a-f]{64}$/.test(pixelsHash) &&
      decoder === DECODER_VERSION;
    return isRecord ? [{ path, sizeBytes, modifiedMs, pixelsHash }] : [];
  } catch {
    return [];
  }
}

/** Returns a name that no other process uses, on this or any other machine. */
function uniqueName(kind: string): string {
  return `${kind}-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 13)}`;
}
