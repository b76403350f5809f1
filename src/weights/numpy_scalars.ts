/**
 * Reads numpy's scalars, such as an accuracy or a class index that a training script saved beside its state dict.
 * Source: numpy/_core/src/multiarray/scalartypes.c and descriptor.c, __reduce__
 */
import { Bytes, Opaque, type PickleValue, Tuple } from './pickle_values.ts';

/** A numpy.dtype: `f8`, and whether the bytes are big endian. */
class NumpyDtype extends Opaque {
  bigEndian = false;
  readonly code: string;

  constructor(code: string) {
    super();
    this.code = code;
  }
}

const READERS: Readonly<Record<string, (view: DataView, littleEndian: boolean) => number | bigint | boolean>> = {
  b1: view => view.getUint8(0) !== 0,
  i1: view => view.getInt8(0),
  u1: view => view.getUint8(0),
  i2: (view, little) => view.getInt16(0, little),
  u2: (view, little) => view.getUint16(0, little),
  i4: (view, little) => view.getInt32(0, little),
  u4: (view, little) => view.getUint32(0, little),
  i8: (view, little) => Number(view.getBigInt64(0, little)),
  u8: (view, little) => Number(view.getBigUint64(0, little)),
  f4: (view, little) => view.getFloat32(0, little),
  f8: (view, little) => view.getFloat64(0, little),
};

/** Arguments: (code, align, copy). */
export function numpyDtype([code]: readonly PickleValue[]): Opaque {
  return new NumpyDtype(typeof code === 'string' ? code : '');
}

/** Sets the byte order of a dtype from its state: (version, order, …). Returns whether `target` is a dtype. */
export function setNumpyState(target: PickleValue, state: PickleValue): boolean {
  if (!(target instanceof NumpyDtype)) return false;
  target.bigEndian = state instanceof Tuple && state.items[1] === '>';
  return true;
}

/** Arguments: (dtype, bytes). Returns the number, or null for a dtype or bytes that are not a number's. */
export function numpyScalar([dtype, data]: readonly PickleValue[]): PickleValue {
  if (!(dtype instanceof NumpyDtype) || !(data instanceof Bytes) || !Object.hasOwn(READERS, dtype.code)) return null;
  const { buffer, byteOffset, byteLength } = data.bytes;
  if (byteLength !== Number(dtype.code.slice(1))) return null;
  return READERS[dtype.code]!(new DataView(buffer, byteOffset, byteLength), !dtype.bigEndian);
}
