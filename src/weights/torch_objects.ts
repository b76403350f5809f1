/**
 * The Python objects that a state dict consists of, and those that lie beside one. Every other global that a pickle names
 * becomes a placeholder, which does nothing. A tensor that is made with a placeholder cannot be read.
 * Source: torch/_weights_only_unpickler.py, _get_allowed_globals
 */
import { WeightsError } from '../errors/index.ts';
import { type DType, elementBits } from './dtypes.ts';
import { numpyDtype, numpyScalar, setNumpyState } from './numpy_scalars.ts';
import { Bytes, Dict, List, Opaque, type PickleValue, Placeholder, Tuple } from './pickle_values.ts';
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

/** A torch.nn.Parameter or torch.Tensor as PyTorch saved it in 2017: its data arrives as the object's state. */
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

const PARAMETER = new Callable(parameter);
/** torch.Tensor and torch.nn.Buffer: classes whose objects are read as plain tensors. */
const TENSOR_CLASS = new Callable(([data], where) => {
  if (data === undefined) return new Parameter();
  if (data instanceof Tensor) return data;
  throw new WeightsError(`${where}: is damaged (a torch.Tensor has no data)`);
});
const SET = new Callable(listOf);

const GLOBALS: ReadonlyMap<string, Opaque> = new Map<string, Opaque>([
  ['collections.OrderedDict', new Callable(orderedDict)],
  ['collections.defaultdict', new Callable(() => new Dict())],
  ['collections.Counter', new Callable(([counts]) => (counts instanceof Dict ? counts : new Dict()))],
  ...['set', 'frozenset', 'list'].flatMap((name): [string, Opaque][] => [
    [`builtins.${name}`, SET],
    [`__builtin__.${name}`, SET],
  ]),
  ['builtins.dict', new Callable(orderedDict)],
  ['__builtin__.dict', new Callable(orderedDict)],
  ['_codecs.encode', new Callable(encoded)],
  ...['numpy.core.multiarray', 'numpy._core.multiarray'].map((module): [string, Opaque] => [
    `${module}.scalar`,
    new Callable(numpyScalar),
  ]),
  ['numpy.dtype', new Callable(numpyDtype)],
  ['torch.Tensor', TENSOR_CLASS],
  ['torch.nn.parameter.Buffer', TENSOR_CLASS],
  ['torch.Size', new Callable(([sizes]) => sizes ?? new Tuple([]))],
  ['torch._utils._rebuild_tensor', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_tensor_v2', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_tensor_v3', new Callable(rebuildTensor)],
  ['torch._utils._rebuild_parameter', new Callable(([data]) => data ?? null)],
  ['torch._utils._rebuild_parameter_with_state', new Callable(([data]) => data ?? null)],
  ['torch._utils._rebuild_device_tensor_from_cpu_tensor', new Callable(([data]) => data ?? null)],
  ['torch._tensor._rebuild_from_type_v2', new Callable(rebuildFromType)],
  ['torch.nn.parameter.Parameter', PARAMETER],
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

/**
 * Returns the host for pickles that contain tensors. `where` starts every error message. `inert` collects the names of
 * the globals that became placeholders.
 */
export function torchHost(where: string, resolve: Resolve, inert: Set<string> = new Set()): PickleHost {
  return {
    global(module, name) {
      const known = GLOBALS.get(`${module}.${name}`);
      if (known) return known;
      const placeholder = new Placeholder(`${module}.${name}`);
      const isHarmless = HARMLESS.has(placeholder.global) || OTHER_DTYPES.test(placeholder.global);
      if (!isHarmless && inert.size < MAX_INERT_NAMES) inert.add(placeholder.global);
      return placeholder;
    },
    persistent: resolve,
    call(callee, args) {
      if (callee instanceof Callable) return callee.call(args.items, where);
      if (callee instanceof Placeholder) return instanceOf(callee, args);
      if (callee instanceof ElementType) return new Placeholder('torch.dtype', args);
      throw new WeightsError(`${where}: is damaged (it calls a value that is not a function)`);
    },
    setState(target, state) {
      if (target instanceof Placeholder) target.state = state;
      else if (target instanceof Parameter) {
        const [data, offset, shape, stride] = state instanceof Tuple ? state.items : [];
        if (data instanceof Tensor) target.tensor = data;
        else if (data instanceof Storage) target.tensor = viewOf(data, { offset, shape, stride }, where);
      } else if (!setNumpyState(target, state) && !(target instanceof Tensor)) {
        throw new WeightsError(`${where}: is damaged (it sets the state of a value that has none)`);
      }
    },
  };
}

/** More names than this tell a reader nothing. */
const MAX_INERT_NAMES = 1000;

/** Globals that PyTorch itself accepts, and that no tensor of a ResNet needs. They are not reported. */
const HARMLESS: ReadonlySet<string> = new Set([
  'torch.device',
  'torch.serialization._get_layout',
  'builtins.bytearray',
  'builtins.complex',
  '__builtin__.bytearray',
  '__builtin__.complex',
  'torch.per_tensor_affine',
  'torch.per_tensor_symmetric',
  'torch.per_channel_affine',
  'torch.per_channel_symmetric',
  'torch.per_channel_affine_float_qparams',
]);
/** dtypes that no state dict of a ResNet needs. */
const OTHER_DTYPES = /^torch\.(u?int[1-7]|bits\w+|q(u?int)\d+(x\d)?|complex32|float\w+)$/;

/** Returns the placeholder for an object. Python 2's way to make one names its class first. */
function instanceOf({ global }: Placeholder, args: Tuple): Placeholder {
  const [first] = args.items;
  if (/^copy_?reg\._reconstructor$/.test(global) && first instanceof Placeholder)
    return new Placeholder(first.global, args);
  return new Placeholder(global, args);
}

/** Returns the host for pickles that contain only numbers and strings. */
export function plainHost(where: string): PickleHost {
  return torchHost(where, () => {
    throw new WeightsError(`${where}: is damaged (it refers to data outside the pickle)`);
  });
}

/**
 * Returns the storage that a persistent id names: ('storage', storage class, key, device, number of elements). In the
 * legacy format, a sixth item selects a part of it, and ('module', class, file, code) names the class of a whole model.
 */
export function storageOf(id: PickleValue, where: string): Storage | Placeholder {
  const [kind, type, key, , count, part] = id instanceof Tuple ? id.items : [];
  // The class of a whole model, with its Python code, which is never run.
  if (kind === 'module' && type instanceof Placeholder) return type;
  // A storage of a kind that is not known, such as quantised numbers.
  if (kind === 'storage' && type instanceof Placeholder) return type;
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
function rebuildTensor(args: readonly PickleValue[], where: string): Tensor | Placeholder {
  const [storage, offset, size, strides] = args;
  if (storage instanceof Placeholder) return new Placeholder(storage.global, new Tuple(args));
  if (args[6] instanceof Placeholder) return new Placeholder(args[6].global, new Tuple(args));
  const dtype = args[6] instanceof ElementType ? args[6].dtype : undefined;
  return viewOf(storage, { offset, shape: size, stride: strides, dtype }, where);
}

/** Returns the view whose shape and strides are tuples. */
function viewOf(
  storage: PickleValue | undefined,
  { shape, stride, ...rest }: { offset: unknown; shape: unknown; stride: unknown; dtype?: DType },
  where: string,
): Tensor {
  const [sizes, strides] = [shape, stride].map(value => (value instanceof Tuple ? value.items : undefined));
  return tensorOn(storage, { ...rest, shape: sizes, stride: strides }, where);
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

/** Arguments: (function, class, its arguments, state). A class that is not known may give the data another meaning. */
function rebuildFromType([rebuild, type, args]: readonly PickleValue[], where: string): PickleValue {
  if (!(args instanceof Tuple)) throw new WeightsError(`${where}: is damaged (a tensor has no arguments)`);
  const made = rebuild instanceof Callable ? rebuild.call(args.items, where) : placeholderFor(rebuild, args);
  return type === TENSOR_CLASS || type === PARAMETER ? made : placeholderFor(type, new Tuple([made]));
}

function placeholderFor(global: PickleValue | undefined, args: Tuple): Placeholder {
  return new Placeholder(global instanceof Placeholder ? global.global : 'torch._tensor._rebuild_from_type_v2', args);
}

/** Returns a list for a list, set or frozenset. */
function listOf([items]: readonly PickleValue[]): List {
  const list = new List();
  if (items instanceof List || items instanceof Tuple) for (const item of items.items) list.items.push(item);
  return list;
}

/** Python 3 writes bytes with protocol 2 as a string that is to be encoded as Latin-1. */
function encoded([text]: readonly PickleValue[]): Bytes {
  return new Bytes(Uint8Array.from(typeof text === 'string' ? text : '', character => character.charCodeAt(0)));
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
