/**
 * PyTorch checkpoints before 1.6: five pickles (magic number, protocol, machine, the object, keys of the storages), then each storage
 * behind its number of elements.
 * Source: pytorch, torch/serialization.py, _legacy_save
 */
import { WeightsError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { readUpTo } from './byte_source.ts';
import { Dict, List, type PickleValue } from './pickle_values.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { type StoredBytes, weightsOfCheckpoint } from './torch_checkpoint.ts';
import { plainHost, type Storage, storageOf, torchHost } from './torch_objects.ts';
import { MAX_PICKLE_BYTES, type PickleHost, unpickleFirst } from './unpickler.ts';

/** A pickle of the magic number, 0x1950a86a20f9469cfc6c. */
export const LEGACY_MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const PROTOCOL = 1001;
const COUNT_BYTES = 8;
/** A ResNet-152 has 932. */
export const MAX_STORAGES = 10_000;

/** @throws WeightsError  damaged, hostile, or a checkpoint without tensors */
export async function openTorchLegacy(source: ByteSource): Promise<WeightsFile> {
  const where = `torch: ${source.name}`;
  const reader = new PickleReader(await readUpTo(source, 0, MAX_PICKLE_BYTES), LEGACY_MAGIC.length, where);
  const protocol = reader.next(plainHost(where));
  if (protocol !== PROTOCOL) {
    throw new WeightsError(`${where}: is of protocol ${String(protocol)}, expected ${PROTOCOL}. Resave it in Python`);
  }
  const machine = reader.next(plainHost(where));
  const used = new Map<string, Storage>();
  const root = reader.next(torchHost(where, id => remember(used, storageOf(id, where), where)));
  const keys = keysOf(reader.next(plainHost(where)), where);
  const stored = await findStorages(source, { keys, used, start: reader.position });
  return weightsOfCheckpoint({
    source,
    format: 'torch-legacy',
    root,
    bigEndian: machine instanceof Dict && machine.entries.get('little_endian') === false,
    storage(key, at) {
      const found = stored.get(key);
      if (found === undefined) throw new WeightsError(`${at}: its storage ${key} is missing`);
      return found;
    },
  });
}

/** Pickles one behind the other. */
class PickleReader {
  position: number;
  readonly #bytes: Uint8Array;
  readonly #where: string;

  constructor(bytes: Uint8Array, position: number, where: string) {
    this.#bytes = bytes;
    this.position = position;
    this.#where = where;
  }

  next(host: PickleHost): PickleValue {
    const { value, end } = unpickleFirst(this.#bytes.subarray(this.position), host, this.#where);
    this.position += end;
    return value;
  }
}

/** Views of one storage must agree on its type and size: the file gives only a number of elements. */
function remember(used: Map<string, Storage>, storage: Storage, where: string): Storage {
  const known = used.get(storage.key);
  if (known === undefined) used.set(storage.key, storage);
  else if (known.dtype !== storage.dtype || known.rootBytes !== storage.rootBytes) {
    throw new WeightsError(`${where}: storage ${storage.key} has two types or sizes`);
  }
  return storage;
}

function keysOf(value: PickleValue, where: string): string[] {
  const items = value instanceof List ? value.items : undefined;
  if (items === undefined || !items.every(item => typeof item === 'string')) {
    throw new WeightsError(`${where}: does not list its storages`);
  }
  if (items.length > MAX_STORAGES) {
    throw new WeightsError(`${where}: has ${items.length} storages, at most ${MAX_STORAGES} are read`);
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
    if (storage === undefined) throw new WeightsError(`${where}: no tensor uses it, so its type is unknown`);
    if (stored.has(key)) throw new WeightsError(`${where}: is listed twice`);
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

/** A number of elements, 64 bits, and behind it the elements. @throws WeightsError  the file ends before */
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
    throw new WeightsError(`${where}: would have ${count} elements`);
  }
  if (begin + sizeBytes > source.sizeBytes) throw cutShort(source, where, begin + sizeBytes);
  return { label, sizeBytes, read: (offset, length) => source.read(begin + offset, length) };
}

function cutShort(source: ByteSource, where: string, expected: number): WeightsError {
  return new WeightsError(
    `${where}: ends at byte ${expected}, the file has ${source.sizeBytes}: it is cut short. Download or copy it again`,
  );
}
