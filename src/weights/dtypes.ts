/** Element types under their safetensors names, and their conversion to float32. */
import { WeightsError } from '../errors/index.ts';

const ELEMENT_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
  C128: 128,
} as const;

export type DType = keyof typeof ELEMENT_BITS;

/** Types of PyTorch that safetensors does not have. */
const TORCH_ONLY: ReadonlySet<string> = new Set(['C128']);

/** Returns the size of one value in bits. */
export function elementBits(dtype: DType): number {
  return ELEMENT_BITS[dtype];
}

/** Returns whether `name` is a safetensors dtype. */
export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(ELEMENT_BITS, name) && !TORCH_ONLY.has(name);
}

/** Returns stored values as little endian and aligned bytes. */
export function toLittleEndian(bytes: Uint8Array, dtype: DType, { bigEndian = false }: ByteOrder = {}): Uint8Array {
  const parts = dtype === 'C64' || dtype === 'C128' ? 2 : 1;
  return inHostOrder(bytes, elementBits(dtype) / 8 / parts, bigEndian);
}

export interface ByteOrder {
  readonly bigEndian?: boolean;
}

/**
 * Converts stored values to float32.
 *
 * Exact for F32, F16, BF16, BOOL and integers below 2^24. F64 and larger integers are rounded.
 * The result may share memory with `bytes`.
 *
 * @throws WeightsError  complex numbers, and floats of 8 bits or fewer
 */
export function toFloat32(bytes: Uint8Array, dtype: DType, { bigEndian = false }: ByteOrder = {}): Float32Array {
  const data = inHostOrder(bytes, elementBits(dtype) / 8, bigEndian);
  const { buffer, byteOffset, byteLength } = data;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8));
    case 'F16':
      return fromTable(new Uint16Array(buffer, byteOffset, byteLength / 2), float16Table());
    case 'BF16':
      return fromBfloat16(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'BOOL':
      return Float32Array.from(data, value => (value === 0 ? 0 : 1));
    case 'U8':
      return Float32Array.from(data);
    case 'I8':
      return Float32Array.from(new Int8Array(buffer, byteOffset, byteLength));
    case 'I16':
      return Float32Array.from(new Int16Array(buffer, byteOffset, byteLength / 2));
    case 'U16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'I32':
      return Float32Array.from(new Int32Array(buffer, byteOffset, byteLength / 4));
    case 'U32':
      return Float32Array.from(new Uint32Array(buffer, byteOffset, byteLength / 4));
    case 'I64':
      return fromBigInts(new BigInt64Array(buffer, byteOffset, byteLength / 8));
    case 'U64':
      return fromBigInts(new BigUint64Array(buffer, byteOffset, byteLength / 8));
    default:
      throw new WeightsError(`weights: ${dtype} cannot be converted to float32. Save the tensor as F32 or F16`);
  }
}

/** Returns whether `toFloat32` can convert values of this type. */
export function isConvertible(dtype: DType): boolean {
  return !/^(C|F[468]_|F4)/.test(dtype);
}

/** Returns the bytes of float32 values. Shares their memory. */
export function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Returns the bytes aligned for a typed array of this element size, and in little endian order, which every WebGPU
 * machine uses. Copies with a constructor, because `slice` of a Node Buffer does not copy.
 */
function inHostOrder(bytes: Uint8Array, elementBytes: number, bigEndian: boolean): Uint8Array {
  const aligned = bytes.byteOffset % Math.max(elementBytes, 1) === 0 ? bytes : new Uint8Array(bytes);
  if (!bigEndian || elementBytes <= 1) return aligned;
  const swapped = new Uint8Array(aligned);
  for (let start = 0; start < swapped.length; start += elementBytes) {
    swapped.subarray(start, start + elementBytes).reverse();
  }
  return swapped;
}

function fromTable(indices: Uint16Array, table: Float32Array): Float32Array {
  const values = new Float32Array(indices.length);
  for (let i = 0; i < indices.length; i++) values[i] = table[indices[i]!]!;
  return values;
}

/** Converts bfloat16 values. A bfloat16 is the upper half of a float32. */
function fromBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

function fromBigInts(values: BigInt64Array | BigUint64Array): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = Number(values[i]);
  return result;
}

let halfTable: Float32Array | undefined;

/** Returns the value of every float16, indexed by its bits. The 65536 values are computed once. */
function float16Table(): Float32Array {
  halfTable ??= Float32Array.from({ length: 65536 }, (_, bits) => float16(bits));
  return halfTable;
}

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
