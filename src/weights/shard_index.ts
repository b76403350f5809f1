/**
 * Reads networks that are stored in several files, which `model.safetensors.index.json` or
 * `pytorch_model.bin.index.json` lists.
 * Source: huggingface/transformers, utils/hub.py, get_checkpoint_shard_files
 */
import { InputError, WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { readUpTo } from './byte_source.ts';
import { isRecord, MAX_JSON_BYTES, parseJsonObject } from './json_text.ts';
import type { TensorEntry, WeightsFile } from './tensor_entry.ts';

const MAX_SHARDS = 1000;
const NAMES_SHOWN = 8;

/** Returns whether a JSON file is an index of shards. A file that is too large is not. */
export async function isShardIndex(source: ByteSource): Promise<boolean> {
  if (source.sizeBytes > MAX_JSON_BYTES) return false;
  const text = new TextDecoder('latin1').decode(await readUpTo(source, 0, source.sizeBytes));
  return text.includes('"weight_map"') && !text.includes('"weightsManifest"');
}

/**
 * Opens all files that an index lists, as one.
 *
 * @throws WeightsError  the index is damaged, a file is missing, or a file lacks a tensor that the index promises
 */
export async function openShardIndex(
  index: ByteSource,
  openShard: (fileName: string) => Promise<WeightsFile>,
): Promise<WeightsFile> {
  const where = `weights: ${index.name}`;
  const map = await readMap(index, where);
  const shards = new Map<string, WeightsFile>();
  const close = async () => {
    for (const one of [index, ...shards.values()]) await one.close();
  };
  try {
    await openAll(new Set(map.values()), shards, { openShard, where });
    const tensors = tensorsOf(map, shards, where);
    const files = [...shards.values()];
    const sources = [index, ...files.flatMap(file => file.sources)];
    return {
      name: index.name,
      format: files[0]!.format,
      sizeBytes: sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      tensors,
      metadata: files[0]!.metadata,
      notes: files.flatMap(file => file.notes ?? []),
      inertGlobals: [...new Set(files.flatMap(file => file.inertGlobals ?? []))].sort(),
      sources,
      close,
    };
  } catch (error) {
    for (const shard of shards.values()) await shard.close();
    throw error;
  }
}

async function readMap(index: ByteSource, where: string): Promise<Map<string, string>> {
  const { weight_map: value } = parseJsonObject(await readUpTo(index, 0, index.sizeBytes), where);
  if (!isRecord(value) || Object.keys(value).length === 0)
    throw new WeightsError(`${where}: is damaged (its weight_map is not an object of file names)`);
  const map = new Map<string, string>();
  for (const [name, file] of Object.entries(value)) {
    // Only plain names, so that a malicious index cannot reach outside its folder.
    if (typeof file !== 'string' || !/^[^/\\:\0]+$/.test(file) || file === '.' || file === '..')
      throw new WeightsError(
        `${where}: a shard must be the name of a file in the same folder, got ${JSON.stringify(file)}`,
      );
    map.set(name, file);
  }
  return map;
}

async function openAll(
  names: ReadonlySet<string>,
  shards: Map<string, WeightsFile>,
  { openShard, where }: { readonly openShard: (name: string) => Promise<WeightsFile>; readonly where: string },
): Promise<void> {
  if (names.size > MAX_SHARDS)
    throw new WeightsError(`${where}: has too many shards (${names.size}; the limit is ${MAX_SHARDS})`);
  const missing: string[] = [];
  for (const name of names) {
    try {
      shards.set(name, await openShard(name));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      missing.push(name);
    }
  }
  if (missing.length === 0) return;
  const shown = missing.slice(0, NAMES_SHOWN).join(', ');
  const more = missing.length > NAMES_SHOWN ? ` and ${missing.length - NAMES_SHOWN} more` : '';
  throw new WeightsError(
    `${where}: ${missing.length} of ${names.size} shards are missing (${shown}${more}). Put them into the same folder`,
  );
}

function tensorsOf(
  map: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, WeightsFile>,
  where: string,
): Map<string, TensorEntry> {
  const tensors = new Map<string, TensorEntry>();
  for (const [name, file] of map) {
    const entry = shards.get(file)!.tensors.get(name);
    if (entry === undefined)
      throw new WeightsError(`${where}: is damaged (${file} has no tensor ${JSON.stringify(name)})`);
    tensors.set(name, entry);
  }
  return tensors;
}
