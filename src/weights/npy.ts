/** Reads and writes NumPy's .npy files, one array each. Written as float32, C order. Source: numpy/lib/format.py */
import { WeightsError } from '../errors/index.ts';
import { formatSizes } from './byte_source.ts';
import { bytesOf, type DType, elementBits, toFloat32 } from './dtypes.ts';
import { elementCount, isShape } from './tensor_entry.ts';

export interface NpyArray {
  readonly shape: readonly number[];
  /** C order. */
  readonly values: Float32Array;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The header ends at a multiple of this, as in NumPy. */
const ALIGNMENT = 64;
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['<f4', 'F32'],
  ['<f2', 'F16'],
  ['<f8', 'F64'],
]);

/**
 * Returns the bytes that `numpy.save` would write.
 *
 * @throws WeightsError  the number of values does not match the shape
 */
export function encodeNpy({ shape, values }: NpyArray): Uint8Array {
  if (elementCount(shape) !== values.length) {
    throw new WeightsError(`npy: [${shape.join(', ')}] needs ${elementCount(shape)} values, got ${values.length}`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const headerBytes = Math.ceil((MAGIC.length + 4 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(headerBytes + values.byteLength);
  file.fill(0x20, 0, headerBytes);
  file.set([...MAGIC, 1, 0]);
  new DataView(file.buffer).setUint16(8, headerBytes - 10, true);
  file.set(new TextEncoder().encode(text), 10);
  file[headerBytes - 1] = 0x0a;
  file.set(bytesOf(values), headerBytes);
  return file;
}

/** Reads float16, float32 and float64 arrays in C order. @throws WeightsError */
export function decodeNpy(file: Uint8Array, name = 'array.npy'): NpyArray {
  const { header, dataStart } = readHeader(file, name);
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1] ?? '';
  const dtype = DTYPES.get(descr);
  if (dtype === undefined) {
    throw new WeightsError(
      `npy: ${name}: unknown dtype ${JSON.stringify(descr)}. Known: ${[...DTYPES.keys()].join(', ')}`,
    );
  }
  if (!/'fortran_order': *False/.test(header)) {
    throw new WeightsError(`npy: ${name}: is in Fortran order, not in C order. Save it with numpy.ascontiguousarray`);
  }
  const sizes = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  const shape = sizes
    ?.split(',')
    .filter(size => size.trim() !== '')
    .map(Number);
  if (!isShape(shape)) throw new WeightsError(`npy: ${name}: has no valid shape`);
  const expected = (elementCount(shape) * elementBits(dtype)) / 8;
  if (file.length - dataStart !== expected) {
    throw new WeightsError(
      `npy: ${name}: [${shape.join(', ')}] needs ${expected} bytes of values, got ${file.length - dataStart}`,
    );
  }
  return { shape, values: toFloat32(new Uint8Array(file.subarray(dataStart)), dtype) };
}

function readHeader(file: Uint8Array, name: string): { header: string; dataStart: number } {
  if (file.length < 12 || MAGIC.some((byte, i) => file[i] !== byte))
    throw new WeightsError(`npy: ${name}: is not a .npy file`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = file[6] === 1 ? 10 : 12;
  const dataStart = start + (file[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataStart > file.length) {
    const [got, expected] = formatSizes(file.length, dataStart);
    throw new WeightsError(`npy: ${name}: ends early (${got} of ${expected}). Download or copy it again`);
  }
  return { header: new TextDecoder('latin1').decode(file.subarray(start, dataStart)), dataStart };
}
