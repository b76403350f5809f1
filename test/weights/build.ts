/** Builds weights files by hand, byte by byte, so that a test can make them wrong. */
import { fileURLToPath } from 'node:url';
import { bytesSource } from '../../src/platform/bytes.ts';
import { openWeightsSource } from '../../src/weights/open_weights.ts';
import type { WeightsFile } from '../../src/weights/tensor_entry.ts';

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

export function open(bytes: Uint8Array, name = 'file'): Promise<WeightsFile> {
  return openWeightsSource(bytesSource(name, bytes));
}

export function concat(...parts: (Uint8Array | readonly number[] | string)[]): Uint8Array {
  return Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
}

/** A safetensors file with any header, valid or not. */
export function safetensors(header: unknown, data: Uint8Array = new Uint8Array(0), headerBytes?: bigint): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerBytes ?? BigInt(json.length));
  return concat(length, json, data);
}

/** A pickle of protocol 2. Strings are written as they are, arrays are bytes. */
export function pickle(...parts: (Uint8Array | readonly number[] | string)[]): Uint8Array {
  return concat([0x80, 2], ...parts, '.');
}

/** A string as BINUNICODE. */
export function unicode(text: string): Uint8Array {
  return concat('X', uint32(Buffer.byteLength(text)), text);
}

/** A number as LONG1, 8 bytes. */
export function long(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(10, 0x8a);
  bytes[1] = 8;
  bytes.writeBigInt64LE(value, 2);
  return bytes;
}

export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export interface TensorPickle {
  readonly name?: string;
  readonly count?: bigint;
  readonly offset?: bigint;
  readonly shape?: readonly bigint[];
  readonly stride?: readonly bigint[];
}

/** A dict with one float32 tensor, as torch.save writes it. */
export function tensorPickle(tensor: TensorPickle = {}): Uint8Array {
  const { name = 'weight', count = 4n, offset = 0n, shape = [4n], stride = [1n] } = tensor;
  const tuple = (values: readonly bigint[]) => concat('(', ...values.map(long), 't');
  return pickle(
    '}(',
    unicode(name),
    'ctorch._utils\n_rebuild_tensor_v2\n((',
    unicode('storage'),
    'ctorch\nFloatStorage\n',
    unicode('0'),
    unicode('cpu'),
    long(count),
    'tQ',
    long(offset),
    tuple(shape),
    tuple(stride),
    [0x89],
    'ccollections\nOrderedDict\n)RtRu',
  );
}

export interface ZipOptions {
  readonly method?: number;
  /** Changes the finished file before it is returned. */
  readonly tamper?: (file: Buffer, places: ZipPlaces) => void;
}

/** Offsets of each entry's records. */
export interface ZipPlaces {
  readonly local: readonly number[];
  readonly central: readonly number[];
  readonly end: number;
}

/** A ZIP file of stored entries, without data descriptors or Zip64. */
export function zip(
  entries: Readonly<Record<string, Uint8Array>>,
  { method = 0, tamper }: ZipOptions = {},
): Uint8Array {
  const [parts, directory] = [[] as Uint8Array[], [] as Uint8Array[]];
  const places = { local: [] as number[], central: [] as number[], end: 0 };
  let [offset, directoryBytes] = [0, 0];
  for (const [name, data] of Object.entries(entries)) {
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(data.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = concat('PK\x03\x04', shared, name, data);
    const central = concat('PK\x01\x02', [20, 0], shared, Buffer.alloc(10), uint32(offset), name);
    places.local.push(offset);
    places.central.push(directoryBytes);
    offset += local.length;
    directoryBytes += central.length;
    parts.push(local);
    directory.push(central);
  }
  places.central = places.central.map(place => place + offset);
  places.end = offset + directoryBytes;
  const count = [directory.length & 255, directory.length >> 8];
  const end = concat('PK\x05\x06', [0, 0, 0, 0], count, count, uint32(directoryBytes), uint32(offset), [0, 0]);
  const file = Buffer.from(concat(...parts, ...directory, end));
  tamper?.(file, places);
  return file;
}

/** A checkpoint with this pickle and one storage of 16 bytes. */
export function checkpoint(data: Uint8Array, options?: ZipOptions): Uint8Array {
  return zip(
    { 'archive/data.pkl': data, 'archive/data/0': concat(new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer)) },
    options,
  );
}
