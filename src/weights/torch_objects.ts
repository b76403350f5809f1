/** The few Python objects that a state dict is made of, and nothing else that a pickle could name. */
import { WeightsError } from '../errors.ts';
import { type DType, elementBits } from './dtypes.ts';
import { Dict, List, Opaque, type PickleValue, Tuple } from './pickle_values.ts';
import { spanOf } from './strided.ts';
import { elementCount, isShape } from './tensor_entry.ts';
import type { PickleHost } from './unpickler.ts';

/** A run of numbers in the file, by its key. */
export class Storage extends Opaque {
  readonly key: string;
  /** Undefined for an UntypedStorage: its tensors say. */
  readonly dtype: DType | undefined;
  readonly sizeBytes: number;

  constructor(key: string, dtype: DType | undefined, sizeBytes: number) {
    super();
    this.key = key;
    this.dtype = dtype;
    this.sizeBytes = sizeBytes;
  }
}

/** A view of a storage. */
export class Tensor extends Opaque {
  readonly storage: Storage;
  readonly dtype: DType;
  /** In elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor(
    storage: Storage,
    dtype: DType,
    view: { offset: number; shape: readonly number[]; stride: readonly number[] },
  ) {
    super();
    this.storage = storage;
    this.dtype = dtype;
    this.offset = view.offset;
    this.shape = view.shape;
    this.stride = view.stride;
  }
}

/** A class of storages, or a dtype: both stand for an element type, or for bytes. */
class ElementType extends Opaque {
  readonly dtype: DType | undefined;

  constructor(dtype: DType | undefined) {
    super();
    this.dtype = dtype;
  }
}

class Callable extends Opaque {
  readonly call: (args: readonly PickleValue[], where: string) => PickleValue;

  constructor(call: (args: readonly PickleValue[], where: string) => PickleValue) {
    super();
    this.call = call;
  }
}

/** A view that repeats its storage may not unfold to more elements than this. */
const MAX_EXPANDED_ELEMENTS = 2 ** 24;
const MAX_DIMENSIONS = 64;

const GLOBALS: ReadonlyMap<string, Opaque> = new Map<string, Opaque>([
  ['collections.OrderedDict', new Callable(orderedDict)],
  ['torch.Size', new Callable(([sizes]) => sizes ?? new Tuple([]))],
  ['torch._utils._rebuild_tensor', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_tensor_v2', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_tensor_v3', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_parameter', new Callable(([data]) => data ?? null)],
  ...elementTypes('Storage', {
    Float: 'F32',
    Double: 'F64',
    Half: 'F16',
    BFloat16: 'BF16',
    Long: 'I64',
    Int: 'I32',
    Short: 'I16',
    Char: 'I8',
    Byte: 'U8',
    Bool: 'BOOL',
    ComplexFloat: 'C64',
    Untyped: undefined,
  }),
  ['torch.storage.UntypedStorage', new ElementType(undefined)],
  ...elementTypes('', {
    float32: 'F32',
    float64: 'F64',
    float16: 'F16',
    bfloat16: 'BF16',
    int64: 'I64',
    int32: 'I32',
    int16: 'I16',
    int8: 'I8',
    uint8: 'U8',
    uint16: 'U16',
    uint32: 'U32',
    uint64: 'U64',
    bool: 'BOOL',
    complex64: 'C64',
    float8_e4m3fn: 'F8_E4M3',
    float8_e5m2: 'F8_E5M2',
  }),
]);

function elementTypes(suffix: string, dtypes: Readonly<Record<string, DType | undefined>>): [string, ElementType][] {
  return Object.entries(dtypes).map(([name, dtype]) => [`torch.${name}${suffix}`, new ElementType(dtype)]);
}

/** `where` begins every error. */
export function torchHost(where: string): PickleHost {
  return {
    global(module, name) {
      const known = GLOBALS.get(`${module}.${name}`);
      if (known) return known;
      throw new WeightsError(
        `${where}: asks Python for ${JSON.stringify(`${module}.${name}`)}, which weights have no use for: it may be hostile. ` +
          'If you trust it, resave its state_dict alone: torch.save(model.state_dict(), f)',
      );
    },
    persistent: id => storageOf(id, where),
    call(callee, args) {
      if (callee instanceof Callable) return callee.call(args.items, where);
      throw new WeightsError(`${where}: calls what cannot be called`);
    },
  };
}

/** ('storage', storage class, key, device, number of elements) */
function storageOf(id: PickleValue, where: string): Storage {
  const [kind, type, key, , count] = id instanceof Tuple ? id.items : [];
  if (kind !== 'storage' || !(type instanceof ElementType) || typeof key !== 'string' || !isCount(count)) {
    throw new WeightsError(`${where}: refers to something that is not a storage`);
  }
  const sizeBytes = count * (type.dtype === undefined ? 1 : elementBits(type.dtype) / 8);
  if (!isCount(sizeBytes)) throw new WeightsError(`${where}: storage ${key} would have ${count} elements`);
  return new Storage(key, type.dtype, sizeBytes);
}

/** (storage, offset, size, stride, requires_grad, backward_hooks); the third version has the dtype next. */
function rebuildTensor(args: readonly PickleValue[], where: string): Tensor {
  const [storage, offset, size, strides] = args;
  const shape = size instanceof Tuple ? size.items : undefined;
  const stride = strides instanceof Tuple ? strides.items : undefined;
  if (!(storage instanceof Storage) || !isCount(offset) || !isShape(shape) || !isStride(stride)) {
    throw new WeightsError(`${where}: a tensor is made of the wrong things`);
  }
  if (shape.length !== stride.length || shape.length > MAX_DIMENSIONS) {
    throw new WeightsError(`${where}: a tensor has ${shape.length} sizes and ${stride.length} strides`);
  }
  const dtype = storage.dtype ?? (args[6] instanceof ElementType ? args[6].dtype : undefined);
  if (dtype === undefined) throw new WeightsError(`${where}: a tensor of storage ${storage.key} has no dtype`);
  const tensor = new Tensor(storage, dtype, { offset, shape, stride });
  checkBounds(tensor, where);
  return tensor;
}

function checkBounds(tensor: Tensor, where: string): void {
  const { storage, dtype, offset, shape, stride } = tensor;
  const held = Math.floor(storage.sizeBytes / (elementBits(dtype) / 8));
  const span = spanOf(tensor);
  const at = `${where}: a tensor [${shape}] with strides [${stride}] at ${offset}`;
  if (span > 0 && !(offset + span <= held)) {
    throw new WeightsError(`${at} reaches past storage ${storage.key}, which has ${held} elements`);
  }
  if (elementCount(shape) > Math.max(held, MAX_EXPANDED_ELEMENTS)) {
    throw new WeightsError(`${at} repeats ${held} elements to ${elementCount(shape)}`);
  }
}

/** Empty, or from one list of pairs, as Python 2 wrote it. */
function orderedDict(args: readonly PickleValue[], where: string): Dict {
  const dict = new Dict();
  const pairs = args[0] instanceof List ? args[0].items : [];
  for (const pair of pairs) {
    const [key, value] = pair instanceof Tuple || pair instanceof List ? pair.items : [];
    if (typeof key !== 'string' || value === undefined)
      throw new WeightsError(`${where}: an OrderedDict is not made of pairs`);
    dict.entries.set(key, value);
  }
  return dict;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isStride(value: readonly PickleValue[] | undefined): value is readonly number[] {
  return value?.every(isCount) ?? false;
}
