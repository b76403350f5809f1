/**
 * Reads PyTorch checkpoints written before version 1.6. They consist of five pickles (magic number, protocol, machine,
 * the saved object, keys of the storages), followed by each storage as its number of elements and the elements.
 * Source: pytorch, torch/serialization.py, _legacy_save
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes, readUpTo } from './byte_source.ts';
import { Dict, List, type PickleValue, Placeholder } from './pickle_values.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { type CheckpointOptions, type StoredBytes, weightsOfCheckpoint } from './torch_checkpoint.ts';
import { LEGACY_MAGIC } from './torch_magic.ts';
import { plainHost, type Storage, storageOf, torchHost } from './torch_objects.ts';
import { MAX_PICKLE_BYTES, type PickleHost, unpickleFirst } from './unpickler.ts';

const PROTOCOL = 1001;
const COUNT_BYTES = 8;
/** A ResNet-152 has 932. */
export const MAX_STORAGES = 10_000;

/** Opens a legacy checkpoint. @throws WeightsError  damaged, malicious, or without tensors */
export async function openTorchLegacy(source: ByteSource, { ema }: CheckpointOptions = {}): Promise<WeightsFile> {
  const where = `torch: ${source.name}`;
  const reader = new PickleReader(await readUpTo(source, 0, MAX_PICKLE_BYTES), LEGACY_MAGIC.length, where);
  const protocol = reader.next(plainHost(where));
  if (protocol !== PROTOCOL) {
    throw new WeightsError(
      `${where}: has protocol ${String(protocol)}, but only ${PROTOCOL} can be read. Save it again in Python`,
    );
  }
  const machine = reader.next(plainHost(where));
  const used = new Map<string, Storage>();
  const inert = new Set<string>();
  const root = reader.next(torchHost(where, id => remember(used, storageOf(id, where), where), inert));
  const keys = keysOf(reader.next(plainHost(where)), where);
  const stored = await findStorages(source, { keys, used, start: reader.position });
  return weightsOfCheckpoint({
    source,
    format: 'torch-legacy',
    root,
    inert,
    ema,
    bigEndian: machine instanceof Dict && machine.entries.get('little_endian') === false,
    storage(key, at) {
      const found = stored.get(key);
      if (found === undefined) throw new WeightsError(`${at}: has no storage ${key}`);
      return found;
    },
  });
}

/** Reads consecutive pickles. */
class PickleReader {
  position: number;
  private readonly bytes: Uint8Array;
  private readonly where: string;

  constructor(bytes: Uint8Array, position: number, where: string) {
    this.bytes = bytes;
    this.position = position;
    this.where = where;
  }

  next(host: PickleHost): PickleValue {
    const { value, end } = unpickleFirst(this.bytes.subarray(this.position), host, this.where);
    this.position += end;
    return value;
  }
}

/**
 * Checks that all views of a storage agree on its type and size, because the file itself only gives a number of
 * elements.
 */
function remember(used: Map<string, Storage>, storage: Storage | Placeholder, where: string): Storage | Placeholder {
  if (storage instanceof Placeholder) return storage;
  const known = used.get(storage.key);
  if (known === undefined) used.set(storage.key, storage);
  else if (known.dtype !== storage.dtype || known.rootBytes !== storage.rootBytes) {
    throw new WeightsError(`${where}: is damaged (storage ${storage.key} has two types or sizes)`);
  }
  return storage;
}

function keysOf(value: PickleValue, where: string): string[] {
  const items = value instanceof List ? value.items : undefined;
  if (items === undefined || !items.every(item => typeof item === 'string')) {
    throw new WeightsError(`${where}: is damaged (its list of storages is not a list of strings)`);
  }
  if (items.length > MAX_STORAGES) {
    throw new WeightsError(`${where}: has too many storages (${items.length}; the limit is ${MAX_STORAGES})`);
  }
  return items;
}

async function findStorages(
  source: ByteSource,
  {
    keys,
    used,
    start,
  }: { readonly keys: readonly string[]; readonly used: Map<string, Storage>; readonly start: number },
): Promise<Map<string, StoredBytes>> {
  const stored = new Map<string, StoredBytes>();
  let position = start;
  for (const key of keys) {
    const where = `torch: ${source.name}, storage ${key}`;
    const storage = used.get(key);
    if (storage === undefined) throw new WeightsError(`${where}: has no type, because no tensor uses it`);
    if (stored.has(key)) throw new WeightsError(`torch: ${source.name}: has two storages named ${JSON.stringify(key)}`);
    const found = await storedAt(source, position, {
      label: `storage ${key}`,
      elementBytes: storage.elementBytes,
      where,
    });
    stored.set(key, found);
    position += COUNT_BYTES + found.sizeBytes;
  }
  return stored;
}

/** Locates a storage: a 64-bit number of elements, then the elements. @throws WeightsError  the file ends too early */
export async function storedAt(
  source: ByteSource,
  position: number,
  { label, elementBytes, where }: { readonly label: string; readonly elementBytes: number; readonly where: string },
): Promise<StoredBytes> {
  const begin = position + COUNT_BYTES;
  if (begin > source.sizeBytes) throw cutShort(source, where, begin);
  const bytes = await source.read(position, COUNT_BYTES);
  const count = Number(new DataView(bytes.buffer, bytes.byteOffset, COUNT_BYTES).getBigInt64(0, true));
  const sizeBytes = count * elementBytes;
  if (count < 0 || !Number.isSafeInteger(begin + sizeBytes)) {
    throw new WeightsError(`${where}: is damaged (it has ${count} elements)`);
  }
  if (begin + sizeBytes > source.sizeBytes) throw cutShort(source, where, begin + sizeBytes);
  return { label, sizeBytes, read: (offset, length) => source.read(begin + offset, length) };
}

function cutShort(source: ByteSource, where: string, expected: number): WeightsError {
  const [got, wanted] = formatSizes(source.sizeBytes, expected);
  return new WeightsError(`${where}: ends early (${got} of ${wanted}). Download or copy it again`);
}
