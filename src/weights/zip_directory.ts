/** Reads the central directory of a ZIP file, and the records at the end of the file that point to it. */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes } from './byte_source.ts';

const END_SIGNATURE = 0x06054b50;
const LOCATOR_64_SIGNATURE = 0x07064b50;
const END_64_SIGNATURE = 0x06064b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const LOCATOR_64_BYTES = 20;
const END_64_BYTES = 56;
const CENTRAL_BYTES = 46;
const MAX_COMMENT_BYTES = 0xffff;
const UNKNOWN_16 = 0xffff;
const UNKNOWN_32 = 0xffffffff;
/** Far more than any network needs: a ResNet-152 has 935 entries in 90 kB. */
const MAX_DIRECTORY_BYTES = 4_000_000;
const MAX_ENTRIES = 10_000;

/** An entry as the directory describes it. */
export interface CentralEntry {
  readonly name: string;
  readonly nameBytes: number;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  readonly headerOffset: number;
}

export interface CentralDirectory {
  readonly entries: readonly CentralEntry[];
  /** Offset of the directory. Every entry ends before it. */
  readonly start: number;
}

interface DirectoryPlace {
  readonly count: number;
  readonly sizeBytes: number;
  readonly start: number;
}

/**
 * Returns the directory.
 *
 * @throws WeightsError  the file ends early, spans several disks, or has two entries of one name
 */
export async function readCentralDirectory(source: ByteSource): Promise<CentralDirectory> {
  const place = await findDirectory(source);
  const bytes = await source.read(place.start, place.sizeBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: CentralEntry[] = [];
  const names = new Set<string>();
  let position = 0;
  for (let i = 0; i < place.count; i++) {
    const { entry, length } = readEntry(source, view, position);
    if (names.has(entry.name)) {
      throw new WeightsError(`zip: ${source.name}: has two entries named ${JSON.stringify(entry.name)}`);
    }
    names.add(entry.name);
    entries.push(entry);
    position += length;
  }
  if (position !== place.sizeBytes)
    throw damaged(source, `its directory has ${place.sizeBytes} bytes but its entries take ${position}`);
  return { entries, start: place.start };
}

async function findDirectory(source: ByteSource): Promise<DirectoryPlace> {
  const tailBytes = Math.min(source.sizeBytes, END_BYTES + MAX_COMMENT_BYTES);
  const tailStart = source.sizeBytes - tailBytes;
  const bytes = await source.read(tailStart, tailBytes);
  const tail = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(tail);
  if (end === undefined) {
    throw new WeightsError(`zip: ${source.name}: ends early (no directory at the end). Download or copy it again`);
  }
  const place = (await readZip64(source, tailStart + end)) ?? {
    count: tail.getUint16(end + 10, true),
    sizeBytes: tail.getUint32(end + 12, true),
    start: tail.getUint32(end + 16, true),
  };
  checkAgreement(source, tail, { end, place });
  if (place.start + place.sizeBytes > tailStart + end || place.count * CENTRAL_BYTES > place.sizeBytes) {
    throw damaged(source, `its directory of ${place.count} entries does not fit into the file`);
  }
  if (place.sizeBytes > MAX_DIRECTORY_BYTES) {
    const [size, limit] = formatSizes(place.sizeBytes, MAX_DIRECTORY_BYTES);
    throw new WeightsError(`zip: ${source.name}, directory: is too large (${size}; the limit is ${limit})`);
  }
  if (place.count > MAX_ENTRIES) {
    throw new WeightsError(`zip: ${source.name}: has too many entries (${place.count}; the limit is ${MAX_ENTRIES})`);
  }
  return place;
}

/** Finds the end record: the last one whose comment ends exactly at the end of the file. */
function findEnd(tail: DataView): number | undefined {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.getUint16(at + 20, true) === tail.byteLength) return at;
  }
  return undefined;
}

/** Reads the Zip64 records, if there are any. PyTorch writes them always, even in files of a kilobyte. */
async function readZip64(source: ByteSource, endOffset: number): Promise<DirectoryPlace | undefined> {
  if (endOffset < LOCATOR_64_BYTES + END_64_BYTES) return undefined;
  const bytes = await source.read(endOffset - LOCATOR_64_BYTES, LOCATOR_64_BYTES);
  const locator = new DataView(bytes.buffer, bytes.byteOffset, LOCATOR_64_BYTES);
  if (locator.getUint32(0, true) !== LOCATOR_64_SIGNATURE) return undefined;
  const offset = uint64(source, locator, 8);
  if (offset > endOffset - LOCATOR_64_BYTES - END_64_BYTES)
    throw damaged(source, 'its Zip64 record does not fit into the file');
  const record = await source.read(offset, END_64_BYTES);
  const view = new DataView(record.buffer, record.byteOffset, END_64_BYTES);
  if (view.getUint32(0, true) !== END_64_SIGNATURE)
    throw damaged(source, 'its Zip64 record is not where its locator points');
  return { count: uint64(source, view, 32), sizeBytes: uint64(source, view, 40), start: uint64(source, view, 48) };
}

/**
 * Checks that every value in the short record equals the Zip64 record's, so that no two readers see different
 * directories.
 */
function checkAgreement(
  source: ByteSource,
  tail: DataView,
  { end, place }: { readonly end: number; readonly place: DirectoryPlace },
): void {
  const [disk, directoryDisk] = [tail.getUint16(end + 4, true), tail.getUint16(end + 6, true)];
  if (![0, UNKNOWN_16].includes(disk) || ![0, UNKNOWN_16].includes(directoryDisk)) {
    throw new WeightsError(`zip: ${source.name}: is one part of a multi-disk archive, not a whole ZIP file`);
  }
  const agree =
    [UNKNOWN_16, place.count].includes(tail.getUint16(end + 10, true)) &&
    [UNKNOWN_32, place.sizeBytes].includes(tail.getUint32(end + 12, true)) &&
    [UNKNOWN_32, place.start].includes(tail.getUint32(end + 16, true));
  if (!agree) throw damaged(source, 'its two end records contradict each other');
}

function readEntry(source: ByteSource, view: DataView, at: number): { entry: CentralEntry; length: number } {
  if (at + CENTRAL_BYTES > view.byteLength || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
    throw damaged(source, `its directory ends early at byte ${at}`);
  }
  const nameBytes = view.getUint16(at + 28, true);
  const extraBytes = view.getUint16(at + 30, true);
  const length = CENTRAL_BYTES + nameBytes + extraBytes + view.getUint16(at + 32, true);
  if (at + length > view.byteLength) throw damaged(source, `its directory ends early at byte ${at}`);
  const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + CENTRAL_BYTES, nameBytes));
  const extra = new DataView(view.buffer, view.byteOffset + at + CENTRAL_BYTES + nameBytes, extraBytes);
  const [sizeBytes, compressedBytes, headerOffset] = widened(source, extra, [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ]);
  const isEncrypted = (view.getUint16(at + 8, true) & 1) !== 0;
  const method = view.getUint16(at + 10, true);
  return { entry: { name, nameBytes, method, isEncrypted, compressedBytes, sizeBytes, headerOffset }, length };
}

type EntryNumbers = readonly [sizeBytes: number, compressedBytes: number, headerOffset: number];

/** Replaces values that do not fit into 32 bits. The Zip64 extra field stores only those, in this order. */
function widened(source: ByteSource, extra: DataView, numbers: EntryNumbers): EntryNumbers {
  if (!numbers.includes(UNKNOWN_32)) return numbers;
  let at = 0;
  while (at + 4 <= extra.byteLength && extra.getUint16(at, true) !== 1) at += 4 + extra.getUint16(at + 2, true);
  at += 4;
  const wide = numbers.map(value => {
    if (value !== UNKNOWN_32) return value;
    if (at + 8 > extra.byteLength) throw damaged(source, 'a Zip64 size is missing from its directory');
    at += 8;
    return uint64(source, extra, at - 8);
  });
  return wide as unknown as EntryNumbers;
}

function uint64(source: ByteSource, view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw damaged(source, `its directory contains the size or position ${value}`);
  return value;
}

function damaged(source: ByteSource, problem: string): WeightsError {
  return new WeightsError(`zip: ${source.name}: is damaged (${problem})`);
}
