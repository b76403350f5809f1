/** The few Python objects that a state dict is made of, and nothing else that a pickle could name. */
import { WeightsError } from '../errors.ts';
import { type DType, elementBits } from './dtypes.ts';
import { Dict, List, Opaque, type PickleValue, Tuple } from './pickle_values.ts';
import { spanOf } from './strided.ts';
import { elementCount, isShape } from './tensor_entry.ts';
import type { PickleHost } from './unpickler.ts';

/** A run of numbers in the file, by its key, or a part of one. */
export class Storage extends Opaque {
  readonly key: string;
  /** Undefined for an UntypedStorage: its tensors say. */
  readonly dtype: DType | undefined;
  /** Of the whole run. */
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

  /** A part of it, counted in elements. @throws WeightsError  it does not lie within */
  part(offset: unknown, count: unknown, where: string): Storage {
    const [offsetBytes, sizeBytes] = [Number(offset) * this.elementBytes, Number(count) * this.elementBytes];
    if (!isCount(offset) || !isCount(count) || !(offsetBytes + sizeBytes <= this.sizeBytes)) {
      throw new WeightsError(`${where}: a view of storage ${this.key} does not lie within it`);
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

/** What torch.nn.Parameter was in 2017: its tensor comes as its state. */
export class Parameter extends Opaque {
  tensor: Tensor | undefined;
}

/** A class of storages or tensors, or a dtype: all stand for an element type, or for bytes. */
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

/** A view that repeats its storage may not unfold to more elements than this. */
const MAX_EXPANDED_ELEMENTS = 2 ** 22;
/** A view that leaves most of its storage out is read whole up to this size. */
const MAX_SPREAD_BYTES = 32_000_000;
const MAX_DIMENSIONS = 64;

/** The classes that torch named by their elements, storages and (in 2017) tensors. */
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

/** What a persistent id stands for; each of PyTorch's three formats has ids of its own. */
export type Resolve = (id: PickleValue) => PickleValue;

/** `where` begins every error. */
export function torchHost(where: string, resolve: Resolve): PickleHost {
  return {
    global(module, name) {
      const known = GLOBALS.get(`${module}.${name}`);
      if (known) return known;
      throw new WeightsError(
        `${where}: asks Python for ${JSON.stringify(`${module}.${name}`)}, which weights have no use for: it may be hostile. ` +
          'If you trust it, resave its state_dict alone: torch.save(model.state_dict(), f)',
      );
    },
    persistent: resolve,
    call(callee, args) {
      if (callee instanceof Callable) return callee.call(args.items, where);
      throw new WeightsError(`${where}: calls what cannot be called`);
    },
    setState(target, state) {
      const [data] = state instanceof Tuple ? state.items : [];
      if (!(target instanceof Parameter)) throw new WeightsError(`${where}: sets the state of what is no dict`);
      if (data instanceof Tensor) target.tensor = data;
    },
  };
}

/** For pickles of numbers and texts alone. */
export function plainHost(where: string): PickleHost {
  return torchHost(where, () => {
    throw new WeightsError(`${where}: refers to something outside the pickle`);
  });
}

/** ('storage', storage class, key, device, number of elements), and in the legacy format what part of it is meant. */
export function storageOf(id: PickleValue, where: string): Storage {
  const [kind, type, key, , count, part] = id instanceof Tuple ? id.items : [];
  if (kind === 'module') {
    throw new WeightsError(
      `${where}: holds a whole model with its Python code, not weights. Save them in Python: torch.save(model.state_dict(), f)`,
    );
  }
  if (kind !== 'storage' || !(type instanceof ElementType) || typeof key !== 'string' || !isCount(count)) {
    throw new WeightsError(`${where}: refers to something that is not a storage`);
  }
  const storage = wholeStorage(key, type, count, where);
  if (part === undefined || part === null) return storage;
  const [, offset, size] = part instanceof Tuple ? part.items : [];
  return storage.part(offset, size, where);
}

/** @throws WeightsError  its size in bytes is not exact */
export function wholeStorage(key: string, { dtype }: ElementType, count: number, where: string): Storage {
  const sizeBytes = count * (dtype === undefined ? 1 : elementBits(dtype) / 8);
  if (!isCount(sizeBytes)) throw new WeightsError(`${where}: storage ${key} would have ${count} elements`);
  return new Storage(key, dtype, sizeBytes);
}

/** (storage, offset, size, stride, requires_grad, backward_hooks); the third version has the dtype next. */
function rebuildTensor(args: readonly PickleValue[], where: string): Tensor {
  const [storage, offset, size, strides] = args;
  const shape = size instanceof Tuple ? size.items : undefined;
  const stride = strides instanceof Tuple ? strides.items : undefined;
  const given = args[6] instanceof ElementType ? args[6].dtype : undefined;
  return tensorOn(storage, { offset, shape, stride, dtype: given }, where);
}

/** A tensor by what a file says of it. @throws WeightsError  not a view of a storage, or not within it */
export function tensorOn(
  storage: PickleValue | undefined,
  view: { readonly offset: unknown; readonly shape: unknown; readonly stride: unknown; readonly dtype?: DType },
  where: string,
): Tensor {
  const { offset, shape, stride } = view;
  if (!(storage instanceof Storage) || !isCount(offset) || !isShape(shape) || !isStride(stride)) {
    throw new WeightsError(`${where}: a tensor is made of the wrong things`);
  }
  if (shape.length !== stride.length || shape.length > MAX_DIMENSIONS) {
    throw new WeightsError(`${where}: a tensor has ${shape.length} sizes and ${stride.length} strides`);
  }
  const dtype = storage.dtype ?? view.dtype;
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
  const spanBytes = (span * elementBits(dtype)) / 8;
  if (spanBytes > MAX_SPREAD_BYTES && span > 2 * elementCount(shape)) {
    throw new WeightsError(`${at} picks ${elementCount(shape)} elements out of ${span}. Save it with .contiguous()`);
  }
}

/** (data, requires_grad), or nothing: then the tensor comes as the state. */
function parameter([data]: readonly PickleValue[]): Parameter {
  const made = new Parameter();
  if (data instanceof Tensor) made.tensor = data;
  return made;
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

/** Whole, not negative, exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isStride(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}
