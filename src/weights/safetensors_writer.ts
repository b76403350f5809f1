/**
 * Writes safetensors files. All tensors are float32. The bytes do not depend on the order of the tensors and the
 * metadata.
 */
import { WeightsError } from '../errors/index.ts';
import { bytesOf } from './dtypes.ts';
import { elementCount, type TensorEntry } from './tensor_entry.ts';

export interface NamedValues {
  readonly name: string;
  readonly shape: readonly number[];
  /** In C order: as many values as a tensor of this shape has. */
  readonly values: Float32Array;
}

export type Metadata = Readonly<Record<string, string>>;

/** Receives the bytes piece by piece: an `AtomicWriter`, or anything else that appends. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** Returns the file's bytes, for heads and other small sets of tensors. */
export function writeSafetensors(tensors: Iterable<NamedValues>, metadata: Metadata = {}): Uint8Array {
  const sorted = byName(tensors);
  const parts = [encodeHeader(sorted, metadata)];
  for (const tensor of sorted) {
    checkCount(tensor, tensor.values);
    parts.push(bytesOf(tensor.values));
  }
  return concatenate(parts);
}

/** Writes any number of tensors of any size, with one tensor in memory at a time. */
export async function saveSafetensors(
  sink: ByteSink,
  tensors: Iterable<TensorEntry>,
  metadata: Metadata = {},
): Promise<void> {
  const sorted = byName(tensors);
  await sink.write(encodeHeader(sorted, metadata));
  for (const tensor of sorted) {
    const values = await tensor.read();
    checkCount(tensor, values);
    await sink.write(bytesOf(values));
  }
}

/**
 * Returns the header: length, JSON, and padding to a multiple of eight bytes, so that the values are aligned in a
 * mapped file.
 */
function encodeHeader(sorted: readonly { name: string; shape: readonly number[] }[], metadata: Metadata): Uint8Array {
  const members: string[] = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => compare(a, b));
  if (texts.length > 0) members.push(`"__metadata__":${JSON.stringify(Object.fromEntries(texts))}`);
  let begin = 0;
  for (const { name, shape } of sorted) {
    const end = begin + 4 * elementCount(shape);
    members.push(`${JSON.stringify(name)}:{"dtype":"F32","shape":[${shape}],"data_offsets":[${begin},${end}]}`);
    begin = end;
  }
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const paddedBytes = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + paddedBytes).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(paddedBytes), true);
  header.set(json, 8);
  return header;
}

function byName<T extends { readonly name: string }>(tensors: Iterable<T>): T[] {
  const sorted = [...tensors].sort((a, b) => compare(a.name, b.name));
  const repeated = sorted.find((tensor, i) => tensor.name === sorted[i + 1]?.name);
  if (repeated) throw new WeightsError(`safetensors: two tensors are named ${JSON.stringify(repeated.name)}`);
  if (sorted.some(tensor => tensor.name === '__metadata__')) {
    throw new WeightsError('safetensors: no tensor may be named "__metadata__", which the format reserves');
  }
  return sorted;
}

function checkCount({ name, shape }: { name: string; shape: readonly number[] }, values: Float32Array): void {
  if (values.length === elementCount(shape)) return;
  throw new WeightsError(
    `safetensors: ${name} [${shape.join(', ')}] needs ${elementCount(shape)} values, got ${values.length}`,
  );
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
