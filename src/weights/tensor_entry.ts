/** What every weights format is read into: named tensors that fetch their bytes only when asked. */
import type { ByteSource } from '../platform/types.ts';
import type { DType } from './dtypes.ts';

/** One tensor of a weights file. Nothing of it is in memory until `read`, and nothing stays afterwards. */
export interface TensorEntry {
  readonly name: string;
  /** As stored; `read` converts. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The values as float32, C order. @throws WeightsError if they are damaged or of a type float32 cannot hold. */
  read(): Promise<Float32Array>;
  /** The values bit by bit as `dtype` has them, C order, little endian. Absent where the file does not hold them as such. */
  readonly readBytes?: () => Promise<Uint8Array>;
}

/** Tensors by name: torchvision's names once `toStateDict` has seen them. */
export type StateDict = ReadonlyMap<string, TensorEntry>;

export type WeightsFormat = 'torch-zip' | 'torch-legacy' | 'torch-tar' | 'safetensors' | 'tfjs-layers';

/** An open weights file. Its tensors can be read until `close`. */
export interface WeightsFile {
  readonly name: string;
  readonly format: WeightsFormat;
  /** Of all the files that hold the tensors. */
  readonly sizeBytes: number;
  /** Names as the file has them, in its order. */
  readonly tensors: StateDict;
  readonly metadata: Readonly<Record<string, string>>;
  /** The file, or all that the tensors lie in. */
  readonly sources: readonly ByteSource[];
  close(): Promise<void>;
}

/** How many values a shape holds; not a safe integer when the product overflows. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** PyTorch's own limit. */
const MAX_RANK = 64;

/** Whether a value read from a file can be a shape: sizes are whole, not negative, and their product is exact. */
export function isShape(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_RANK &&
    value.every(size => Number.isSafeInteger(size) && size >= 0) &&
    Number.isSafeInteger(elementCount(value.map(size => Math.max(size, 1))))
  );
}

/** A tensor whose values are already in memory. */
export function tensorOf(name: string, shape: readonly number[], values: Float32Array): TensorEntry {
  return { name, dtype: 'F32', shape, read: async () => values.slice() };
}

/** The same tensor under another name. */
export function renamed(entry: TensorEntry, name: string): TensorEntry {
  return { ...entry, name };
}
