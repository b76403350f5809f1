/**
 * Code shared by the three formats of torch.save: finds the tensors in the saved object, and reads a tensor's bytes.
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes } from './byte_source.ts';
import { classesIn } from './checkpoint_classes.ts';
import { findStateDict } from './checkpoint_search.ts';
import { elementBits, toFloat32, toLittleEndian } from './dtypes.ts';
import type { PickleValue } from './pickle_values.ts';
import { gather, isContiguous, spanOf } from './strided.ts';
import type { TensorEntry, WeightsFile, WeightsFormat } from './tensor_entry.ts';
import type { ModuleTensor } from './torch_modules.ts';
import { Tensor } from './torch_objects.ts';

/** The bytes of one storage, independent of the format. */
export interface StoredBytes {
  /** The storage's name in error messages. */
  readonly label: string;
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface CheckpointOptions {
  /** Use the averaged weights (EMA) that lie beside the state dict. */
  readonly ema?: boolean;
}

export interface Checkpoint extends CheckpointOptions {
  readonly source: ByteSource;
  readonly format: WeightsFormat;
  /** The object that was passed to torch.save. */
  readonly root: PickleValue;
  readonly bigEndian: boolean;
  /** Names of the Python globals that became placeholders. */
  readonly inert: ReadonlySet<string>;
  /** Returns the storage with this key. @throws WeightsError  it is missing */
  storage(key: string, where: string): StoredBytes;
}

/**
 * Returns the checkpoint's tensors.
 *
 * @throws WeightsError  it has no state dict, or a storage is not as large as its tensors expect
 */
export function weightsOfCheckpoint(checkpoint: Checkpoint): WeightsFile {
  const { source, format, root, inert, ema } = checkpoint;
  const tensors = new Map<string, TensorEntry>();
  const found = findStateDict(root, `torch: ${source.name}`, ema);
  for (const [name, tensor] of found.tensors) tensors.set(name, entryOf(checkpoint, name, tensor));
  return {
    name: source.name,
    format,
    sizeBytes: source.sizeBytes,
    tensors,
    metadata: Object.create(null),
    notes: found.notes,
    inertGlobals: [...inert].sort(),
    classes: classesIn(root),
    sources: [source],
    close: () => source.close(),
  };
}

function entryOf(checkpoint: Checkpoint, name: string, tensor: ModuleTensor): TensorEntry {
  if (tensor instanceof Tensor) return tensorEntry(checkpoint, name, tensor);
  const unreadable = `depends on the Python global ${JSON.stringify(tensor.global)}`;
  const read = async () => {
    throw new WeightsError(
      `torch: ${checkpoint.source.name}, ${name}: cannot be read (it ${unreadable}, which is never run). Save it as a plain tensor`,
    );
  };
  return { name, dtype: 'U8', shape: [0], unreadable, read };
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
