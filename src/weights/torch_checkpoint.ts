/**
 * Code shared by the three formats of torch.save: finds the tensors in the saved object, and reads a tensor's bytes.
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes } from './byte_source.ts';
import { elementBits, toFloat32, toLittleEndian } from './dtypes.ts';
import { Dict, type PickleValue } from './pickle_values.ts';
import { gather, isContiguous, spanOf } from './strided.ts';
import type { TensorEntry, WeightsFile, WeightsFormat } from './tensor_entry.ts';
import { Parameter, Tensor } from './torch_objects.ts';

/** Keys under which checkpoints store the state dict beside the optimizer and the epoch, in order of preference. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'model_state', 'model', 'net', 'network', 'weights'];

/** How deep a state dict may be nested. */
const MAX_WRAPPERS = 4;

/** The bytes of one storage, independent of the format. */
export interface StoredBytes {
  /** The storage's name in error messages. */
  readonly label: string;
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface Checkpoint {
  readonly source: ByteSource;
  readonly format: WeightsFormat;
  /** The object that was passed to torch.save. */
  readonly root: PickleValue;
  readonly bigEndian: boolean;
  /** Returns the storage with this key. @throws WeightsError  it is missing */
  storage(key: string, where: string): StoredBytes;
}

/**
 * Returns the checkpoint's tensors.
 *
 * @throws WeightsError  it has no state dict, or a storage is not as large as its tensors expect
 */
export function weightsOfCheckpoint(checkpoint: Checkpoint): WeightsFile {
  const { source, format, root } = checkpoint;
  const tensors = new Map<string, TensorEntry>();
  for (const [name, tensor] of findTensors(root, `torch: ${source.name}`)) {
    tensors.set(name, tensorEntry(checkpoint, name, tensor));
  }
  return {
    name: source.name,
    format,
    sizeBytes: source.sizeBytes,
    tensors,
    metadata: Object.create(null),
    sources: [source],
    close: () => source.close(),
  };
}

/** Finds the dict with the most tensors, at the top level or under the usual keys. */
function findTensors(root: PickleValue, where: string): Map<string, Tensor> {
  let best = new Map<string, Tensor>();
  let level = [root];
  for (let depth = 0; depth < MAX_WRAPPERS && level.length > 0; depth++) {
    const dicts = level.filter(value => value instanceof Dict);
    for (const dict of dicts) {
      const tensors = tensorsOf(dict);
      if (tensors.size > best.size) best = tensors;
    }
    level = dicts.flatMap(({ entries }) => WRAPPERS.map(name => entries.get(name) ?? null));
  }
  if (best.size > 0) return best;
  const keys = root instanceof Dict ? [...root.entries.keys()].slice(0, 8).map(key => JSON.stringify(String(key))) : [];
  const found = root instanceof Dict ? `a dict with the keys ${keys.join(', ') || 'none'}` : 'not a dict';
  throw new WeightsError(
    `${where}: has no state dict, but ${found}. Save the state dict in Python: torch.save(model.state_dict(), f)`,
  );
}

function tensorsOf({ entries }: Dict): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of entries) {
    const tensor = value instanceof Parameter ? value.tensor : value;
    if (typeof name === 'string' && tensor instanceof Tensor) tensors.set(name, tensor);
  }
  return tensors;
}

function tensorEntry(checkpoint: Checkpoint, name: string, tensor: Tensor): TensorEntry {
  const { storage, dtype, shape } = tensor;
  const where = `torch: ${checkpoint.source.name}, ${name}`;
  const stored = checkpoint.storage(storage.key, where);
  if (stored.sizeBytes !== storage.rootBytes) {
    const [promised, actual] = formatSizes(storage.rootBytes, stored.sizeBytes);
    throw new WeightsError(`${where}: is damaged (its ${stored.label} has ${actual}, expected ${promised})`);
  }
  const readBytes = () => readTensor(stored, tensor, checkpoint);
  return { name, dtype, shape, readBytes, read: async () => toFloat32(await readBytes(), dtype) };
}

/** Reads only the part of the storage that the tensor uses. */
async function readTensor(
  stored: StoredBytes,
  tensor: Tensor,
  order: { readonly bigEndian: boolean },
): Promise<Uint8Array> {
  const elementBytes = elementBits(tensor.dtype) / 8;
  const span = spanOf(tensor);
  if (span === 0) return new Uint8Array(0);
  const begin = tensor.storage.offsetBytes + tensor.offset * elementBytes;
  const bytes = toLittleEndian(await stored.read(begin, span * elementBytes), tensor.dtype, order);
  return isContiguous(tensor) ? bytes : gather(bytes, tensor, elementBytes);
}
