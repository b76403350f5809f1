/** The common form of all weights formats: named tensors that load their bytes on demand. */
import type { ByteSource } from '../platform/types.ts';
import type { DType } from './dtypes.ts';

/** One tensor of a weights file. Its values are loaded by `read` and are not cached. */
export interface TensorEntry {
  readonly name: string;
  /** The dtype in the file. `read` converts from it. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /**
   * Returns the values as float32, C order.
   *
   * @throws WeightsError  the tensor is damaged, or its dtype cannot be converted to float32
   */
  read(): Promise<Float32Array>;
  /**
   * Returns the stored bits as `dtype`, C order, little endian. Absent if the file does not store the tensor in this
   * form.
   */
  readonly readBytes?: () => Promise<Uint8Array>;
  /** Why the values cannot be read: `depends on the Python global "x.y"`. Its dtype and shape are then placeholders. */
  readonly unreadable?: string;
}

/** Tensors by name. `toStateDict` translates the names to torchvision's. */
export type StateDict = ReadonlyMap<string, TensorEntry>;

export type WeightsFormat = 'torch-zip' | 'torch-legacy' | 'torch-tar' | 'safetensors' | 'tfjs-layers';

/** An open weights file. Its tensors can be read until `close`. */
export interface WeightsFile {
  readonly name: string;
  readonly format: WeightsFormat;
  /** Size of all files that contain the tensors. */
  readonly sizeBytes: number;
  /** The tensors, under the names and in the order of the file. */
  readonly tensors: StateDict;
  readonly metadata: Readonly<Record<string, string>>;
  /** What a user should know about the choice of these tensors: one clause each, about the file. */
  readonly notes?: readonly string[];
  /** Python globals that the file names and that no tensor needs. They became placeholders and were not run. */
  readonly inertGlobals?: readonly string[];
  /** The names of the classes in the order of the outputs, if the file has them beside the tensors. */
  readonly classes?: readonly string[];
  /** The file, or all files that contain the tensors. */
  readonly sources: readonly ByteSource[];
  close(): Promise<void>;
}

/** Returns the number of values in a shape. The result is not a safe integer if the product overflows. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** PyTorch's own limit. */
const MAX_RANK = 64;

/** Returns whether a value is a valid shape: at most MAX_RANK non-negative integers whose product is exact. */
export function isShape(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_RANK &&
    value.every(size => Number.isSafeInteger(size) && size >= 0) &&
    Number.isSafeInteger(elementCount(value.map(size => Math.max(size, 1))))
  );
}

/** Returns a tensor whose values are already in memory. */
export function tensorOf(name: string, shape: readonly number[], values: Float32Array): TensorEntry {
  return { name, dtype: 'F32', shape, read: async () => values.slice() };
}

/** Returns the same tensor under another name. */
export function renamed(entry: TensorEntry, name: string): TensorEntry {
  return { ...entry, name };
}
