/**
 * Reads PyTorch checkpoints of 2016 and 2017: a tar of `storages`, `tensors` (views of storages) and `pickle`, whose
 * persistent ids refer to both.
 * Source: pytorch, torch/serialization.py, legacy_load
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { readUpTo } from './byte_source.ts';
import { List, type PickleValue, Tuple } from './pickle_values.ts';
import { readTar } from './tar_archive.ts';
import type { WeightsFile } from './tensor_entry.ts';
import { type CheckpointOptions, type StoredBytes, weightsOfCheckpoint } from './torch_checkpoint.ts';
import { MAX_STORAGES, storedAt } from './torch_legacy.ts';
import {
  ElementType,
  isCount,
  plainHost,
  Storage,
  type Tensor,
  tensorOn,
  torchHost,
  wholeStorage,
} from './torch_objects.ts';
import { MAX_PICKLE_BYTES, type PickleHost, tooLarge, unpickle, unpickleFirst } from './unpickler.ts';

const MEMBERS = ['storages', 'tensors', 'pickle'] as const;
/** Upper bound for the pickle that describes one storage or tensor. It has about a hundred bytes. */
const RECORD_BYTES = 4096;
const MAX_DIMENSIONS = 64;

/** Everything that a persistent id can name, by key. */
type Named = Map<string, Storage | Tensor>;

/** Opens a checkpoint. @throws WeightsError  damaged, malicious, or without tensors */
export async function openTorchTar(source: ByteSource, { ema }: CheckpointOptions = {}): Promise<WeightsFile> {
  const where = `torch: ${source.name}`;
  const members = await readTar(source);
  const [storages, tensors, pickle] = MEMBERS.map(name => {
    const member = members.get(name);
    if (member !== undefined) return member;
    throw new WeightsError(`${where}: is a tar file, not a PyTorch checkpoint (it has no member "${name}")`);
  }) as [ByteSource, ByteSource, ByteSource];
  const named: Named = new Map();
  const stored = await readStorages(storages, named, `${where}, storages`);
  await readTensors(tensors, named, `${where}, tensors`);
  if (pickle.sizeBytes > MAX_PICKLE_BYTES) {
    throw tooLarge(`${where}, pickle`, pickle.sizeBytes);
  }
  const inert = new Set<string>();
  const root = unpickle(await pickle.read(0, pickle.sizeBytes), namedHost(named, where, inert), where);
  return weightsOfCheckpoint({
    source,
    format: 'torch-tar',
    root,
    inert,
    ema,
    bigEndian: false,
    storage(key, at) {
      const found = stored.get(key);
      if (found === undefined) throw new WeightsError(`${at}: has no storage ${key}`);
      return found;
    },
  });
}

function namedHost(named: Named, where: string, inert: Set<string>): PickleHost {
  const resolve = (id: PickleValue) => {
    const found = named.get(keyOf(id));
    if (found !== undefined) return found;
    throw new WeightsError(`${where}: is damaged (a persistent id names neither a storage nor a tensor)`);
  };
  return torchHost(where, resolve, inert);
}

/**
 * Returns the key as a string, or '' if `id` is not a key. Python wrote memory addresses, as integers or as strings.
 */
function keyOf(id: PickleValue | undefined): string {
  return typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint' ? String(id) : '';
}

/**
 * Reads the storages: a count; for each storage (key, device, class), element count and elements; then keyed parts of
 * storages.
 */
async function readStorages(source: ByteSource, named: Named, where: string): Promise<Map<string, StoredBytes>> {
  const cursor = new Cursor(source, where);
  const stored = new Map<string, StoredBytes>();
  for (let left = await cursor.count(); left > 0; left--) {
    const [id, , type] = await cursor.tuple();
    const key = keyOf(id);
    if (key === '' || !(type instanceof ElementType) || named.has(key)) {
      throw new WeightsError(`${where}: is damaged (a storage has no key, no type, or a key that is already used)`);
    }
    const elementBytes = wholeStorage(key, type, 0, where).elementBytes;
    const found = await storedAt(source, cursor.position, {
      label: `storage ${key}`,
      elementBytes,
      where: `${where} ${key}`,
    });
    cursor.position += 8 + found.sizeBytes;
    stored.set(key, found);
    named.set(key, wholeStorage(key, type, found.sizeBytes / elementBytes, where));
  }
  const views = await cursor.pickle(MAX_PICKLE_BYTES);
  for (const view of views instanceof List ? views.items : []) {
    const [id, root, offset, count] = view instanceof Tuple ? view.items : [];
    const [key, whole] = [keyOf(id), named.get(keyOf(root))];
    if (key === '' || named.has(key) || !(whole instanceof Storage)) {
      throw new WeightsError(`${where}: is damaged (a part has no key, no storage, or a key that is already used)`);
    }
    named.set(key, whole.part(offset, count, where));
  }
  return stored;
}

/**
 * Reads the tensors: a count; for each tensor (key, storage, class), then rank, sizes, strides and offset, 64 bits
 * each.
 */
async function readTensors(source: ByteSource, named: Named, where: string): Promise<void> {
  const cursor = new Cursor(source, where);
  for (let left = await cursor.count(); left > 0; left--) {
    const [id, storage] = await cursor.tuple();
    const key = keyOf(id);
    if (key === '' || named.has(key))
      throw new WeightsError(`${where}: is damaged (a tensor has no key, or a key that is already used)`);
    // The rank has 32 bits. The other 32 are unused.
    const rank = Number(BigInt.asIntN(32, (await cursor.integers(1))[0]!));
    if (rank < 0 || rank > MAX_DIMENSIONS)
      throw new WeightsError(`${where}: is damaged (a tensor has ${rank} dimensions)`);
    const numbers = (await cursor.integers(2 * rank + 1)).map(Number);
    const shape = numbers.slice(0, numbers.length >> 1);
    const stride = numbers.slice(shape.length, -1);
    named.set(key, tensorOn(named.get(keyOf(storage)), { offset: numbers.at(-1), shape, stride }, where));
  }
}

/** Reads consecutive pickles and numbers. */
class Cursor {
  position = 0;
  private readonly source: ByteSource;
  private readonly where: string;

  constructor(source: ByteSource, where: string) {
    this.source = source;
    this.where = where;
  }

  async pickle(maxBytes = RECORD_BYTES): Promise<PickleValue> {
    const bytes = await readUpTo(this.source, this.position, maxBytes);
    const { value, end } = unpickleFirst(bytes, plainHost(this.where), this.where);
    this.position += end;
    return value;
  }

  async count(): Promise<number> {
    const value = await this.pickle();
    if (isCount(value) && value <= MAX_STORAGES) return value;
    throw new WeightsError(
      `${this.where}: the number of records must be an integer from 0 to ${MAX_STORAGES}, got ${typeof value === 'object' ? 'an object' : String(value)}`,
    );
  }

  async tuple(): Promise<readonly PickleValue[]> {
    const value = await this.pickle();
    if (value instanceof Tuple) return value.items;
    throw new WeightsError(`${this.where}: is damaged (a record is not a tuple)`);
  }

  async integers(count: number): Promise<bigint[]> {
    const bytes = await readUpTo(this.source, this.position, 8 * count);
    if (bytes.length < 8 * count) throw new WeightsError(`${this.where}: ends early at byte ${this.position}`);
    this.position += bytes.length;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: count }, (_, i) => view.getBigInt64(8 * i, true));
  }
}
