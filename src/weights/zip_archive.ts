/**
 * The part of ZIP that PyTorch writes and reads: stored and deflated entries, data descriptors, Zip64. The central directory is believed only where every
 * local header and descriptor agrees with it and no two entries share a byte.
 * Source: PKWARE APPNOTE 6.3.10
 */
import { inflateRaw } from '#platform';
import { WeightsError } from '../errors.ts';
import type { ByteSource } from '../platform/types.ts';
import { type CentralEntry, readCentralDirectory } from './zip_directory.ts';

const LOCAL_SIGNATURE = 0x04034b50;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const LOCAL_HEADER_BYTES = 30;
const HAS_DESCRIPTOR = 8;
const UNKNOWN_32 = 0xffffffff;

/** An entry's bytes, as they lie in the file. */
export interface ZipEntry {
  readonly name: string;
  readonly offset: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  /** 0 stored, 8 deflated; none other can be read. */
  readonly method: number;
}

/** Deflated entries are inflated whole: the largest tensor of a ResNet-152 has 9.4 MB. */
const MAX_INFLATED_BYTES = 32_000_000;

/** An entry's content, or a part of it. @throws WeightsError  compressed in another way, or to other bytes than it says */
export async function readZipEntry(
  source: ByteSource,
  entry: ZipEntry,
  { offset, length } = { offset: 0, length: entry.sizeBytes },
): Promise<Uint8Array> {
  if (entry.method === 0) return source.read(entry.offset + offset, length);
  const where = `zip: ${source.name}, ${entry.name}`;
  if (entry.method !== 8) {
    throw new WeightsError(`${where}: is compressed by method ${entry.method}, expected 0 or 8. Resave the file`);
  }
  if (entry.sizeBytes > MAX_INFLATED_BYTES) {
    throw new WeightsError(
      `${where}: unpacks to ${entry.sizeBytes} bytes, at most ${MAX_INFLATED_BYTES} are. Resave the file uncompressed`,
    );
  }
  const inflated = await inflateRaw(await source.read(entry.offset, entry.compressedBytes), entry.sizeBytes);
  if (inflated === undefined)
    throw new WeightsError(`${where}: does not unpack to the ${entry.sizeBytes} bytes it should have`);
  return inflated.slice(offset, offset + length);
}

interface PlacedEntry extends ZipEntry {
  readonly start: number;
  readonly end: number;
}

/** @throws WeightsError  cut short, encrypted, or contradicting itself */
export async function readZip(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const { entries, start } = await readCentralDirectory(source);
  const placed: PlacedEntry[] = [];
  for (const entry of entries) placed.push(await place(source, entry));
  checkOverlap(source, placed, start);
  return new Map(placed.map(entry => [entry.name, entry]));
}

/** Finds an entry's bytes through its local header, whose extra field has a length of its own (PyTorch aligns data with it). */
async function place(source: ByteSource, entry: CentralEntry): Promise<PlacedEntry> {
  const where = `zip: ${source.name}, ${entry.name}`;
  if (entry.isEncrypted) throw new WeightsError(`${where}: is encrypted. Save the file without a password`);
  const header = await readView(source, entry.headerOffset, LOCAL_HEADER_BYTES + entry.nameBytes);
  if (header.getUint32(0, true) !== LOCAL_SIGNATURE || localName(header, entry.nameBytes) !== entry.name) {
    throw new WeightsError(`${where}: has no local header where the directory says`);
  }
  const offset = entry.headerOffset + LOCAL_HEADER_BYTES + entry.nameBytes + header.getUint16(28, true);
  const end = offset + entry.compressedBytes;
  if (entry.method === 0 && entry.compressedBytes !== entry.sizeBytes)
    throw disagreement(source, entry, entry.compressedBytes);
  if (end > source.sizeBytes) throw new WeightsError(`${where}: ends at byte ${end}, the file has ${source.sizeBytes}`);
  const descriptorBytes = await checkSizes(source, header, { entry, end });
  return { ...entry, offset, start: entry.headerOffset, end: end + descriptorBytes };
}

/** Undefined where the local name has another length. */
function localName(header: DataView, nameBytes: number): string | undefined {
  if (header.getUint16(26, true) !== nameBytes) return undefined;
  return new TextDecoder().decode(new Uint8Array(header.buffer, header.byteOffset + LOCAL_HEADER_BYTES, nameBytes));
}

/** The local header has the size, or leaves it to the descriptor behind the data. Returns how long that is. */
async function checkSizes(
  source: ByteSource,
  header: DataView,
  { entry, end }: { readonly entry: CentralEntry; readonly end: number },
): Promise<number> {
  const localBytes = header.getUint32(22, true);
  const hasDescriptor = (header.getUint16(6, true) & HAS_DESCRIPTOR) !== 0;
  const isLeftOpen = localBytes === UNKNOWN_32 || (hasDescriptor && localBytes === 0);
  if (!isLeftOpen && localBytes !== entry.sizeBytes) throw disagreement(source, entry, localBytes);
  if (!hasDescriptor) return 0;
  const found = await readView(source, end, Math.min(24, source.sizeBytes - end));
  if (found.byteLength < 16 || found.getUint32(0, true) !== DESCRIPTOR_SIGNATURE) {
    throw new WeightsError(`zip: ${source.name}, ${entry.name}: has no data descriptor behind its data`);
  }
  if (found.byteLength === 24 && found.getBigUint64(16, true) === BigInt(entry.sizeBytes)) return 24;
  if (found.getUint32(12, true) === entry.sizeBytes) return 16;
  throw disagreement(source, entry, found.getUint32(12, true));
}

function disagreement(source: ByteSource, entry: CentralEntry, got: number): WeightsError {
  return new WeightsError(
    `zip: ${source.name}, ${entry.name}: has ${entry.sizeBytes} bytes by the directory and ${got} by its own header`,
  );
}

function checkOverlap(source: ByteSource, entries: readonly PlacedEntry[], directoryStart: number): void {
  const sorted = entries.toSorted((a, b) => a.start - b.start);
  for (const [i, entry] of sorted.entries()) {
    const next = sorted[i + 1];
    if (entry.end <= (next?.start ?? directoryStart)) continue;
    throw new WeightsError(`zip: ${source.name}, ${entry.name}: overlaps ${next?.name ?? 'the directory'}`);
  }
}

async function readView(source: ByteSource, offset: number, length: number): Promise<DataView> {
  if (offset + length > source.sizeBytes) {
    throw new WeightsError(
      `zip: ${source.name}: byte ${offset + length} is asked for, the file has ${source.sizeBytes}`,
    );
  }
  const bytes = await source.read(offset, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
