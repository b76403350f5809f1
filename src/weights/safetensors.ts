/**
 * The safetensors reader: eight bytes of header length, a JSON header, then the values of every tensor end to end.
 * Source: huggingface/safetensors, tensor.rs; every check of its `validate`, in its order.
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes } from './byte_source.ts';
import { type DType, elementBits, isDType, toFloat32 } from './dtypes.ts';
import { isRecord, MAX_JSON_BYTES, parseJsonObject } from './json_text.ts';
import { elementCount, isShape, type TensorEntry, type WeightsFile } from './tensor_entry.ts';

const LENGTH_BYTES = 8;

interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** @throws WeightsError  the header is damaged, or does not describe every byte that follows exactly once */
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
    throw new WeightsError(`${where(source)}: the file has ${source.sizeBytes} bytes, a header length alone needs 8`);
  }
  const first = await source.read(0, LENGTH_BYTES);
  const length = Number(new DataView(first.buffer, first.byteOffset, LENGTH_BYTES).getBigUint64(0, true));
  if (length > MAX_JSON_BYTES) {
    throw new WeightsError(
      `${where(source)}: a header of ${length} bytes is promised, at most ${MAX_JSON_BYTES} are allowed`,
    );
  }
  if (LENGTH_BYTES + length > source.sizeBytes) throw cutShort(source, LENGTH_BYTES + length);
  return length;
}

function tensorInfo(source: ByteSource, name: string, value: unknown): TensorInfo {
  const at = where(source, name);
  if (!isRecord(value)) throw new WeightsError(`${at}: expected dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDType(dtype)) throw new WeightsError(`${at}: unknown dtype ${JSON.stringify(dtype)}`);
  if (!isShape(shape)) throw new WeightsError(`${at}: ${JSON.stringify(shape)} is not a shape`);
  if (!isOffsets(offsets))
    throw new WeightsError(`${at}: data_offsets ${JSON.stringify(offsets)} are not two byte positions`);
  const bits = elementCount(shape) * elementBits(dtype);
  if (bits % 8 !== 0 || !Number.isSafeInteger(bits)) {
    throw new WeightsError(`${at}: ${dtype} [${shape}] does not fill whole bytes`);
  }
  const [begin, end] = offsets;
  if (end - begin !== bits / 8) {
    throw new WeightsError(`${at}: ${dtype} [${shape}] takes ${bits / 8} bytes, data_offsets give it ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

function isOffsets(value: unknown): value is [number, number] {
  return (
    Array.isArray(value) && value.length === 2 && value.every(offset => Number.isSafeInteger(offset) && offset >= 0)
  );
}

/** The tensors must cover the data from its first byte to its last: no hole, no overlap, nothing missing, nothing left. */
function checkLayout(source: ByteSource, infos: readonly TensorInfo[], dataStart: number): void {
  let position = 0;
  for (const { name, begin, end } of infos) {
    if (begin !== position) {
      const fault = begin < position ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new WeightsError(`${where(source, name)}: begins at byte ${begin}, expected ${position}: it ${fault}`);
    }
    position = end;
  }
  const expected = dataStart + position;
  if (expected > source.sizeBytes) throw cutShort(source, expected);
  if (expected < source.sizeBytes) {
    throw new WeightsError(
      `${where(source)}: ${source.sizeBytes - expected} bytes follow the last tensor, expected none`,
    );
  }
}

function cutShort(source: ByteSource, expected: number): WeightsError {
  const [promised, actual] = formatSizes(expected, source.sizeBytes);
  return new WeightsError(
    `${where(source)}: the header promises ${promised}, the file has ${actual}: it is cut short. Download or copy it again`,
  );
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
  if (!isRecord(value)) throw new WeightsError(`${where(source, '__metadata__')}: expected an object of texts`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw new WeightsError(`${where(source, '__metadata__')}: ${JSON.stringify(key)} is not a text`);
    texts[key] = text;
  }
  return texts;
}

function where(source: ByteSource, part?: string): string {
  return part === undefined ? `safetensors: ${source.name}` : `safetensors: ${source.name}, ${part}`;
}
