/** The Python objects that a state dict consists of. Every other global that a pickle names is rejected. */
import { WeightsError } from '../errors/index.ts';
import { type DType, elementBits } from './dtypes.ts';
import { Dict, List, Opaque, type PickleValue, Tuple } from './pickle_values.ts';
import { spanOf } from './strided.ts';
import { elementCount, isShape } from './tensor_entry.ts';
import type { PickleHost } from './unpickler.ts';

/** A block of numbers in the file, identified by its key, or a part of such a block. */
export class Storage extends Opaque {
  readonly key: string;
  /** Undefined for an UntypedStorage, whose tensors carry the dtype. */
  readonly dtype: DType | undefined;
  /** Size of the whole block. */
  readonly rootBytes: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;

  constructor(
    key: string,
    dtype: DType | undefined,
    rootBytes: number,
    part = { offsetBytes: 0, sizeBytes: rootBytes },
  ) {
    super();
    this.key = key;
    this.dtype = dtype;
    this.rootBytes = rootBytes;
    this.offsetBytes = part.offsetBytes;
    this.sizeBytes = part.sizeBytes;
  }

  /** Bytes of one element; 1 for an UntypedStorage. */
  get elementBytes(): number {
    return this.dtype === undefined ? 1 : elementBits(this.dtype) / 8;
  }

  /** Returns a part; `offset` and `count` are in elements. @throws WeightsError  the part reaches past this storage */
  part(offset: unknown, count: unknown, where: string): Storage {
    const [offsetBytes, sizeBytes] = [Number(offset) * this.elementBytes, Number(count) * this.elementBytes];
    if (!isCount(offset) || !isCount(count) || !(offsetBytes + sizeBytes <= this.sizeBytes)) {
      throw new WeightsError(`${where}: is damaged (a view reaches past storage ${this.key})`);
    }
    return new Storage(this.key, this.dtype, this.rootBytes, {
      offsetBytes: this.offsetBytes + offsetBytes,
      sizeBytes,
    });
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

/** torch.nn.Parameter as PyTorch saved it in 2017: its tensor arrives as the object's state. */
export class Parameter extends Opaque {
  tensor: Tensor | undefined;
}

/** A storage class, a tensor class or a dtype. Each denotes an element type; undefined means raw bytes. */
export class ElementType extends Opaque {
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

/** A view that repeats elements of its storage (as `expand` makes) may have at most this many elements. */
const MAX_EXPANDED_ELEMENTS = 2 ** 22;
/** A view that uses only few elements of its span is read in one piece up to this size. */
const MAX_SPREAD_BYTES = 32_000_000;
const MAX_DIMENSIONS = 64;

/** Prefixes of torch's typed storage classes and (in 2017) tensor classes. */
const CLASSES = {
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
  ComplexDouble: 'C128',
} as const satisfies Record<string, DType>;

const GLOBALS: ReadonlyMap<string, Opaque> = new Map<string, Opaque>([
  ['collections.OrderedDict', new Callable(orderedDict)],
  ['torch.Size', new Callable(([sizes]) => sizes ?? new Tuple([]))],
  ['torch._utils._rebuild_tensor', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_tensor_v2', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_tensor_v3', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_parameter', new Callable(([data]) => data ?? null)],
  ['torch.nn.parameter.Parameter', new Callable(parameter)],
  ...elementTypes('Storage', { ...CLASSES, Untyped: undefined }),
  ...elementTypes('Tensor', CLASSES),
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
    complex128: 'C128',
    float8_e4m3fn: 'F8_E4M3',
    float8_e5m2: 'F8_E5M2',
  }),
]);

function elementTypes(suffix: string, dtypes: Readonly<Record<string, DType | undefined>>): [string, ElementType][] {
  return Object.entries(dtypes).map(([name, dtype]) => [`torch.${name}${suffix}`, new ElementType(dtype)]);
}

/** Maps a persistent id to its value. Each of PyTorch's three formats has its own ids. */
export type Resolve = (id: PickleValue) => PickleValue;

/** Returns the host for pickles that contain tensors. `where` starts every error message. */
export function torchHost(where: string, resolve: Resolve): PickleHost {
  return {
    global(module, name) {
      const known = GLOBALS.get(`${module}.${name}`);
      if (known) return known;
      throw new WeightsError(
        `${where}: uses the Python global ${JSON.stringify(`${module}.${name}`)}, which no weights need, so it may be malicious. ` +
          'If you trust it, save only its state dict in Python: torch.save(model.state_dict(), f)',
      );
    },
    persistent: resolve,
    call(callee, args) {
      if (callee instanceof Callable) return callee.call(args.items, where);
      throw new WeightsError(`${where}: is damaged (it calls a value that is not a function)`);
    },
    setState(target, state) {
      const [data] = state instanceof Tuple ? state.items : [];
      if (!(target instanceof Parameter))
        throw new WeightsError(`${where}: is damaged (it sets the state of a value that has none)`);
      if (data instanceof Tensor) target.tensor = data;
    },
  };
}

/** Returns the host for pickles that contain only numbers and strings. */
export function plainHost(where: string): PickleHost {
  return torchHost(where, () => {
    throw new WeightsError(`${where}: is damaged (it refers to data outside the pickle)`);
  });
}

/**
 * Returns the storage that a persistent id names: ('storage', storage class, key, device, number of elements). In the
 * legacy format, a sixth item selects a part of it.
 */
export function storageOf(id: PickleValue, where: string): Storage {
  const [kind, type, key, , count, part] = id instanceof Tuple ? id.items : [];
  if (kind === 'module') {
    throw new WeightsError(
      `${where}: is a whole model with its Python code, not a state dict. Save the state dict in Python: torch.save(model.state_dict(), f)`,
    );
  }
  if (kind !== 'storage' || !(type instanceof ElementType) || typeof key !== 'string' || !isCount(count)) {
    throw new WeightsError(`${where}: is damaged (a persistent id does not name a storage)`);
  }
  const storage = wholeStorage(key, type, count, where);
  if (part === undefined || part === null) return storage;
  const [, offset, size] = part instanceof Tuple ? part.items : [];
  return storage.part(offset, size, where);
}

/** Returns a whole storage of `count` elements. @throws WeightsError  its size in bytes is not a safe integer */
export function wholeStorage(key: string, { dtype }: ElementType, count: number, where: string): Storage {
  const sizeBytes = count * (dtype === undefined ? 1 : elementBits(dtype) / 8);
  if (!isCount(sizeBytes)) throw new WeightsError(`${where}: is damaged (storage ${key} has ${count} elements)`);
  return new Storage(key, dtype, sizeBytes);
}

/**
 * Arguments: (storage, offset, size, stride, requires_grad, backward_hooks). `_rebuild_tensor_v3` appends the dtype.
 */
function rebuildTensor(args: readonly PickleValue[], where: string): Tensor {
  const [storage, offset, size, strides] = args;
  const shape = size instanceof Tuple ? size.items : undefined;
  const stride = strides instanceof Tuple ? strides.items : undefined;
  const given = args[6] instanceof ElementType ? args[6].dtype : undefined;
  return tensorOn(storage, { offset, shape, stride, dtype: given }, where);
}

/**
 * Returns the tensor that a file describes.
 *
 * @throws WeightsError  not a view of a storage, or it reaches past the storage
 */
export function tensorOn(
  storage: PickleValue | undefined,
  view: { readonly offset: unknown; readonly shape: unknown; readonly stride: unknown; readonly dtype?: DType },
  where: string,
): Tensor {
  const { offset, shape, stride } = view;
  if (!(storage instanceof Storage) || !isCount(offset) || !isShape(shape) || !isStride(stride)) {
    throw new WeightsError(`${where}: is damaged (a tensor needs a storage, an offset, a shape and strides)`);
  }
  if (shape.length !== stride.length || shape.length > MAX_DIMENSIONS) {
    throw new WeightsError(`${where}: is damaged (a tensor has ${shape.length} sizes but ${stride.length} strides)`);
  }
  const dtype = storage.dtype ?? view.dtype;
  if (dtype === undefined)
    throw new WeightsError(`${where}: is damaged (a tensor of storage ${storage.key} has no dtype)`);
  const tensor = new Tensor(storage, dtype, { offset, shape, stride });
  checkBounds(tensor, where);
  return tensor;
}

function checkBounds(tensor: Tensor, where: string): void {
  const { storage, dtype, offset, shape, stride } = tensor;
  const held = Math.floor(storage.sizeBytes / (elementBits(dtype) / 8));
  const span = spanOf(tensor);
  const view = `a tensor [${shape.join(', ')}] with strides [${stride.join(', ')}] at offset ${offset}`;
  if (span > 0 && !(offset + span <= held)) {
    throw new WeightsError(
      `${where}: is damaged (${view} reaches past storage ${storage.key}, which has ${held} elements)`,
    );
  }
  const limit = Math.max(held, MAX_EXPANDED_ELEMENTS);
  if (elementCount(shape) > limit) {
    throw new WeightsError(
      `${where}: ${view} expands ${held} elements to ${elementCount(shape)} (the limit is ${limit}). Save it with .contiguous()`,
    );
  }
  const spanBytes = (span * elementBits(dtype)) / 8;
  if (spanBytes > MAX_SPREAD_BYTES && span > 2 * elementCount(shape)) {
    throw new WeightsError(
      `${where}: ${view} uses only ${elementCount(shape)} of ${span} elements. Save it with .contiguous()`,
    );
  }
}

/** Arguments: (data, requires_grad), or none, in which case the tensor arrives as the state. */
function parameter([data]: readonly PickleValue[]): Parameter {
  const made = new Parameter();
  if (data instanceof Tensor) made.tensor = data;
  return made;
}

/** Returns an empty dict, or one made from a list of pairs, as Python 2 wrote it. */
function orderedDict(args: readonly PickleValue[], where: string): Dict {
  const dict = new Dict();
  const pairs = args[0] instanceof List ? args[0].items : [];
  for (const pair of pairs) {
    const [key, value] = pair instanceof Tuple || pair instanceof List ? pair.items : [];
    if (typeof key !== 'string' || value === undefined)
      throw new WeightsError(`${where}: is damaged (an OrderedDict does not consist of pairs)`);
    dict.entries.set(key, value);
  }
  return dict;
}

/** Returns whether `value` is a non-negative safe integer. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isStride(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}
