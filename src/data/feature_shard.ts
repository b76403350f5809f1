import { type ByteSource, baseName, listDirectory, openFile, readTextFile, sha256, writeFileAtomic } from '#platform';
import { InputError, RaycamError } from '../errors/index.ts';
import { bytesOf } from '../weights/dtypes.ts';
import { openSafetensors } from '../weights/safetensors.ts';
import { writeSafetensors } from '../weights/safetensors_writer.ts';

/** A part of a feature store: rows that were written together, and never change. */
export interface FeatureShard {
  readonly path: string;
  readonly keys: readonly string[];
  readonly dimension: number;
  /** Of the rows' bytes. */
  readonly digest: string;
  /** What computed them; shards of before it was kept have none. */
  readonly origin: string | undefined;
}

/** One image file as it was when its pixels were hashed. */
export interface FileRecord {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly pixelsHash: string;
}

const TENSOR = 'features';

/** A flush writes a few kilobytes. */
const MAX_RECORDS_BYTES = 16e6;

/**
 * Writes rows as a safetensors file that names their keys in its own metadata.
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
  /** Of every row, where it is known. */
  readonly dimension?: number;
  readonly note: (text: string) => void;
}

/** Every shard of a folder, from the headers alone; what cannot be used is left out, with a note that says why. */
export async function scanShards(directory: string, { space, dimension, note }: ScanOptions): Promise<FeatureShard[]> {
  const shards: FeatureShard[] = [];
  for (const { name } of await listDirectory(directory)) {
    if (!/^rows-.*\.safetensors$/.test(name)) continue;
    try {
      const shard = await readShardHeader(`${directory}/${name}`, space);
      if (dimension !== undefined && shard.dimension !== dimension)
        throw new InputError(`${name}: rows of ${shard.dimension} numbers, expected ${dimension}`);
      shards.push(shard);
    } catch (error) {
      if (!(error instanceof RaycamError)) throw error;
      note(`features: ${name} is passed over, its rows are computed again (${error.message})`);
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
    if (tensors.get(TENSOR)?.dtype !== 'F32') throw new InputError(`${baseName(path)}: its features are not float32`);
    if (metadata.space !== space)
      throw new InputError(`${baseName(path)}: features of another network or preprocessing`);
    if (tensors.size !== 1 || dimension === undefined || rest.length > 0 || keys.length !== rows) {
      throw new InputError(`${baseName(path)}: ${keys.length} keys for the rows of ${[...tensors.keys()].join(', ')}`);
    }
    return { path, keys, dimension, digest: metadata.sha256 ?? '', origin: metadata.origin };
  } finally {
    await source.close();
  }
}

/** Rows of one shard, in the order asked for, with one read that spans them. */
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

/** @throws InputError  the rows are not those that were written */
export async function checkShard(shard: FeatureShard): Promise<void> {
  const source = await openFile(shard.path);
  try {
    const rows = await readSpan(source, shard, { first: 0, count: shard.keys.length });
    if ((await sha256(bytesOf(rows))) === shard.digest) return;
  } finally {
    await source.close();
  }
  throw new InputError(`${shard.path}: the rows do not have the hash its header names. Copy or compute it again`);
}

/** The one tensor ends where the file ends, so its place needs no header. */
async function readSpan(source: ByteSource, shard: FeatureShard, span: { first: number; count: number }) {
  const rowBytes = shard.dimension * 4;
  const offset = source.sizeBytes - (shard.keys.length - span.first) * rowBytes;
  const bytes = await source.read(offset, span.count * rowBytes);
  return new Float32Array(bytes.buffer, bytes.byteOffset, span.count * shard.dimension);
}

/** One line of JSON per file, in a file of its own for each flush. */
export async function writeFileRecords(directory: string, records: readonly FileRecord[]): Promise<void> {
  const lines = records.map(r => JSON.stringify([r.path, r.sizeBytes, r.modifiedMs, r.pixelsHash]));
  await writeFileAtomic(`${directory}/${uniqueName('files')}.jsonl`, `${lines.join('\n')}\n`);
}

/** Records that cannot be read are left out: their images are decoded once more, no more than that. */
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
    const [path, sizeBytes, modifiedMs, pixelsHash] = JSON.parse(line) as unknown[];
    const isRecord =
      typeof path === 'string' &&
      typeof sizeBytes === 'number' &&
      typeof modifiedMs === 'number' &&
      typeof pixelsHash === 'string' &&
      /^[0-9a-f]{64}$/.test(pixelsHash);
    return isRecord ? [{ path, sizeBytes, modifiedMs, pixelsHash }] : [];
  } catch {
    return [];
  }
}

/** No two processes, on one machine or on many, ever write under the same name. */
function uniqueName(kind: string): string {
  return `${kind}-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 13)}`;
}
