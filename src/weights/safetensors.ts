/**
 * Reads safetensors files. Such a file has three parts: eight bytes that give the header's length; the header, in JSON;
 * and the data: the values of all tensors, one tensor directly after another.
 * Source: huggingface/safetensors, tensor.rs. This reader makes every check of the function `validate` in that file. It
 * checks the sizes of all tensors first, and then looks for gaps and overlaps.
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatBytes, formatSizes } from './byte_source.ts';
import { type DType, elementBits, isDType, toFloat32 } from './dtypes.ts';
import { isRecord, MAX_JSON_BYTES, parseJsonObject } from './json_text.ts';
import { elementCount, isShape, type TensorEntry, type WeightsFile } from './tensor_entry.ts';

const LENGTH_BYTES = 8;

interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Position of the tensor's first byte, counted from the start of the data. */
  readonly begin: number;
  /** Position of the first byte after the tensor, counted in the same way. */
  readonly end: number;
}

/**
 * Opens a file and reads its header. A tensor's data are read when its `read` or `readBytes` is called.
 *
 * @throws WeightsError  the header is damaged, or its tensors do not cover every byte of the data exactly once
 */
export async function openSafetensors(source: ByteSource): Promise<WeightsFile> {
  const headerBytes = await readHeaderLength(source);
  const header = parseJsonObject(await source.read(LENGTH_BYTES, headerBytes), where(source, 'header'));
  const dataStart = LENGTH_BYTES + headerBytes;
  const infos = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => tensorInfo(source, name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(source, infos, dataStart);
  return {
    name: source.name,
    format: 'safetensors',
    sizeBytes: source.sizeBytes,
    tensors: new Map(infos.map(info => [info.name, tensorEntry(source, info, dataStart)])),
    sources: [source],
    metadata: metadataOf(source, Object.hasOwn(header, '__metadata__') ? header.__metadata__ : {}),
    close: () => source.close(),
  };
}

async function readHeaderLength(source: ByteSource): Promise<number> {
  if (source.sizeBytes < LENGTH_BYTES) {
    throw endsEarly(source, LENGTH_BYTES);
  }
  const first = await source.read(0, LENGTH_BYTES);
  const length = Number(new DataView(first.buffer, first.byteOffset, LENGTH_BYTES).getBigUint64(0, true));
  if (length > MAX_JSON_BYTES) {
    const [size, limit] = formatSizes(length, MAX_JSON_BYTES);
    throw new WeightsError(`${where(source, 'header')}: is too large (${size}; the limit is ${limit})`);
  }
  if (LENGTH_BYTES + length > source.sizeBytes) throw endsEarly(source, LENGTH_BYTES + length);
  return length;
}

function tensorInfo(source: ByteSource, name: string, value: unknown): TensorInfo {
  const at = where(source, name);
  if (!isRecord(value)) throw new WeightsError(`${at}: must be an object with dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDType(dtype)) throw new WeightsError(`${at}: unknown dtype ${JSON.stringify(dtype)}`);
  if (!isShape(shape)) throw new WeightsError(`${at}: ${JSON.stringify(shape)} is not a valid shape`);
  if (!isOffsets(offsets))
    throw new WeightsError(`${at}: data_offsets must be two byte positions, got ${JSON.stringify(offsets)}`);
  const bits = elementCount(shape) * elementBits(dtype);
  if (bits % 8 !== 0 || !Number.isSafeInteger(bits)) {
    throw new WeightsError(`${at}: ${dtype} [${shape.join(', ')}] does not fill whole bytes`);
  }
  const [begin, end] = offsets;
  if (end - begin !== bits / 8) {
    throw new WeightsError(
      `${at}: ${dtype} [${shape.join(', ')}] needs ${bits / 8} bytes but data_offsets span ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function isOffsets(value: unknown): value is [number, number] {
  return (
    Array.isArray(value) && value.length === 2 && value.every(offset => Number.isSafeInteger(offset) && offset >= 0)
  );
}

/** Checks that the tensors cover the data exactly: no gap, no overlap, no missing and no extra bytes. */
function checkLayout(source: ByteSource, infos: readonly TensorInfo[], dataStart: number): void {
  let position = 0;
  for (const { name, begin, end } of infos) {
    if (begin !== position) {
      const fault = begin < position ? 'it overlaps the previous tensor' : 'there is a gap before it';
      throw new WeightsError(`${where(source, name)}: starts at byte ${begin}, expected ${position} (${fault})`);
    }
    position = end;
  }
  const expected = dataStart + position;
  if (expected > source.sizeBytes) throw endsEarly(source, expected);
  if (expected < source.sizeBytes) {
    const extra = formatBytes(source.sizeBytes - expected);
    throw new WeightsError(`${where(source)}: has ${extra} after the last tensor. Download or copy it again`);
  }
}

function endsEarly(source: ByteSource, expectedBytes: number): WeightsError {
  const [got, expected] = formatSizes(source.sizeBytes, expectedBytes);
  return new WeightsError(`${where(source)}: ends early (${got} of ${expected}). Download or copy it again`);
}

function tensorEntry(source: ByteSource, info: TensorInfo, dataStart: number): TensorEntry {
  const { name, dtype, shape, begin, end } = info;
  return {
    name,
    dtype,
    shape,
    readBytes: () => source.read(dataStart + begin, end - begin),
    read: async () => toFloat32(await source.read(dataStart + begin, end - begin), dtype),
  };
}

function metadataOf(source: ByteSource, value: unknown): Record<string, string> {
  const texts: Record<string, string> = Object.create(null);
  if (!isRecord(value)) throw new WeightsError(`${where(source, '__metadata__')}: must be an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw new WeightsError(`${where(source, '__metadata__')}: ${JSON.stringify(key)} must be a string`);
    texts[key] = text;
  }
  return texts;
}

function where(source: ByteSource, part?: string): string {
  return part === undefined ? `safetensors: ${source.name}` : `safetensors: ${source.name}, ${part}`;
}
