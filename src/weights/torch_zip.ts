/**
 * PyTorch checkpoints since 1.6: a ZIP file with one pickle, `data.pkl`, and a file for each storage.
 * Source: pytorch, caffe2/serialize/inline_container.h and torch/serialization.py
 */
import { WeightsError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes } from './byte_source.ts';
import { elementBits, toFloat32 } from './dtypes.ts';
import { Dict, type PickleValue } from './pickle_values.ts';
import { gather, isContiguous, spanOf } from './strided.ts';
import type { TensorEntry, WeightsFile } from './tensor_entry.ts';
import { Tensor, torchHost } from './torch_objects.ts';
import { MAX_PICKLE_BYTES, unpickle } from './unpickler.ts';
import { readZip, type ZipEntry } from './zip_archive.ts';

/** Under which checkpoints keep the state dict beside the optimizer and the epoch. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'model_state', 'model', 'net', 'network', 'weights'];

/** A checkpoint's records, without the folder that the writer put them in. */
interface Archive {
  readonly source: ByteSource;
  readonly records: ReadonlyMap<string, ZipEntry>;
  readonly bigEndian: boolean;
}

/** @throws WeightsError  damaged, hostile, a TorchScript program, or a checkpoint without tensors */
export async function openTorchZip(source: ByteSource): Promise<WeightsFile> {
  const where = `torch: ${source.name}`;
  const archive = await openArchive(source, where);
  const pickle = storedRecord(archive, 'data.pkl', where);
  if (pickle.sizeBytes > MAX_PICKLE_BYTES) {
    throw new WeightsError(`${where}: data.pkl has ${pickle.sizeBytes} bytes, at most ${MAX_PICKLE_BYTES} are read`);
  }
  const root = unpickle(await source.read(pickle.offset, pickle.sizeBytes), torchHost(where), where);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, tensor] of findTensors(root, where)) tensors.set(name, tensorEntry(archive, name, tensor));
  return {
    name: source.name,
    format: 'torch-zip',
    sizeBytes: source.sizeBytes,
    tensors,
    metadata: Object.create(null),
    close: () => source.close(),
  };
}

async function openArchive(source: ByteSource, where: string): Promise<Archive> {
  const entries = await readZip(source);
  const pickles = [...entries.keys()].filter(name => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw new WeightsError(
      `${where}: is a ZIP file, but not a PyTorch checkpoint: it has ${pickles.length} data.pkl, expected 1`,
    );
  }
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  const records = new Map<string, ZipEntry>();
  for (const [name, entry] of entries) if (name.startsWith(folder)) records.set(name.slice(folder.length), entry);
  if (records.has('constants.pkl')) {
    throw new WeightsError(
      `${where}: is a TorchScript program, not weights. Save them in Python: torch.save(torch.jit.load(f).state_dict(), f2)`,
    );
  }
  return { source, records, bigEndian: await isBigEndian(source, records.get('byteorder')) };
}

function storedRecord({ records }: Archive, name: string, where: string): ZipEntry {
  const record = records.get(name);
  if (record === undefined) throw new WeightsError(`${where}: its record ${name} is missing`);
  if (!record.isStored) {
    throw new WeightsError(`${where}: its record ${name} is compressed, torch.save stores it. Resave the file`);
  }
  return record;
}

/** Files from before the record existed are little endian. */
async function isBigEndian(source: ByteSource, record: ZipEntry | undefined): Promise<boolean> {
  if (record === undefined || record.sizeBytes > 8) return false;
  return new TextDecoder().decode(await source.read(record.offset, record.sizeBytes)) === 'big';
}

/** The tensors of the outermost dict that has some, looking into the usual wrappers. */
function findTensors(root: PickleValue, where: string): Map<string, Tensor> {
  let dict = root;
  for (let depth = 0; dict instanceof Dict && depth < 4; depth++) {
    const tensors = new Map<string, Tensor>();
    for (const [name, value] of dict.entries) {
      if (typeof name === 'string' && value instanceof Tensor) tensors.set(name, value);
    }
    if (tensors.size > 0) return tensors;
    const { entries }: Dict = dict;
    const wrapper = WRAPPERS.find(name => entries.get(name) instanceof Dict);
    if (wrapper === undefined) break;
    dict = entries.get(wrapper)!;
  }
  const keys = root instanceof Dict ? [...root.entries.keys()].slice(0, 8).map(key => JSON.stringify(String(key))) : [];
  const found = root instanceof Dict ? `a dict with ${keys.join(', ') || 'no keys'}` : 'no dict';
  throw new WeightsError(`${where}: holds no state dict, but ${found}. Save it with torch.save(model.state_dict(), f)`);
}

function tensorEntry(archive: Archive, name: string, tensor: Tensor): TensorEntry {
  const { storage, dtype, shape } = tensor;
  const where = `torch: ${archive.source.name}, ${name}`;
  const record = storedRecord(archive, `data/${storage.key}`, where);
  if (record.sizeBytes !== storage.sizeBytes) {
    const [promised, actual] = formatSizes(storage.sizeBytes, record.sizeBytes);
    throw new WeightsError(`${where}: its record data/${storage.key} should have ${promised}, it has ${actual}`);
  }
  return { name, dtype, shape, read: () => readTensor(archive, record, tensor) };
}

/** Reads the part of the storage that the tensor touches, and no more. */
async function readTensor(archive: Archive, record: ZipEntry, tensor: Tensor): Promise<Float32Array> {
  const elementBytes = elementBits(tensor.dtype) / 8;
  const span = spanOf(tensor);
  if (span === 0) return new Float32Array(0);
  const bytes = await archive.source.read(record.offset + tensor.offset * elementBytes, span * elementBytes);
  const values = toFloat32(bytes, tensor.dtype, archive);
  return isContiguous(tensor) ? values : gather(values, tensor);
}
