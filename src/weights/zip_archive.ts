/**
 * Reads the part of ZIP that PyTorch writes and reads: stored and deflated entries, data descriptors, Zip64. A file is
 * accepted only if every local header and descriptor agrees with the central directory and no two entries overlap.
 * Source: PKWARE APPNOTE 6.3.10
 */
import { inflateRaw } from '#platform';
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes } from './byte_source.ts';
import { type CentralEntry, readCentralDirectory } from './zip_directory.ts';

const LOCAL_SIGNATURE = 0x04034b50;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const LOCAL_HEADER_BYTES = 30;
const HAS_DESCRIPTOR = 8;
const UNKNOWN_32 = 0xffffffff;

/** Where an entry's bytes are in the file. */
export interface ZipEntry {
  readonly name: string;
  readonly offset: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  /** 0: stored, 8: deflated. No other method is supported. */
  readonly method: number;
}

/** A deflated entry is inflated in one piece. The largest tensor of a ResNet-152 has 9.4 MB. */
const MAX_INFLATED_BYTES = 32_000_000;

/**
 * Returns an entry's content or a part of it.
 *
 * @throws WeightsError  unknown compression method, or not the size it should have
 */
export async function readZipEntry(
  source: ByteSource,
  entry: ZipEntry,
  { offset, length } = { offset: 0, length: entry.sizeBytes },
): Promise<Uint8Array> {
  if (entry.method === 0) return source.read(entry.offset + offset, length);
  const where = `zip: ${source.name}, ${entry.name}`;
  if (entry.method !== 8) {
    throw new WeightsError(`${where}: unknown compression method ${entry.method}. Known: 0 (stored), 8 (deflated)`);
  }
  if (entry.sizeBytes > MAX_INFLATED_BYTES) {
    const [size, limit] = formatSizes(entry.sizeBytes, MAX_INFLATED_BYTES);
    throw new WeightsError(
      `${where}: is too large (${size} uncompressed; the limit is ${limit}). Save the file without compression`,
    );
  }
  const inflated = await inflateRaw(await source.read(entry.offset, entry.compressedBytes), entry.sizeBytes);
  if (inflated === undefined)
    throw new WeightsError(`${where}: is damaged (it does not inflate to its ${entry.sizeBytes} bytes)`);
  return inflated.slice(offset, offset + length);
}

interface PlacedEntry extends ZipEntry {
  readonly start: number;
  readonly end: number;
}

/** Returns the entries by name. @throws WeightsError  ends early, is encrypted, or contradicts itself */
export async function readZip(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const { entries, start } = await readCentralDirectory(source);
  const placed: PlacedEntry[] = [];
  for (const entry of entries) placed.push(await place(source, entry));
  checkOverlap(source, placed, start);
  return new Map(placed.map(entry => [entry.name, entry]));
}

/**
 * Finds an entry's bytes through its local header, whose extra field has its own length (PyTorch aligns data with it).
 */
async function place(source: ByteSource, entry: CentralEntry): Promise<PlacedEntry> {
  const where = `zip: ${source.name}, ${entry.name}`;
  if (entry.isEncrypted) throw new WeightsError(`${where}: is encrypted. Save the file without a password`);
  const header = await readView(source, entry.headerOffset, LOCAL_HEADER_BYTES + entry.nameBytes);
  if (header.getUint32(0, true) !== LOCAL_SIGNATURE || localName(header, entry.nameBytes) !== entry.name) {
    throw new WeightsError(`${where}: is damaged (no local header where the directory points)`);
  }
  const offset = entry.headerOffset + LOCAL_HEADER_BYTES + entry.nameBytes + header.getUint16(28, true);
  const end = offset + entry.compressedBytes;
  if (entry.method === 0 && entry.compressedBytes !== entry.sizeBytes)
    throw disagreement(source, entry, entry.compressedBytes);
  if (end > source.sizeBytes) throw endsEarly(source, where, end);
  const descriptorBytes = await checkSizes(source, header, { entry, end });
  return { ...entry, offset, start: entry.headerOffset, end: end + descriptorBytes };
}

/** Returns the name in the local header; undefined if its length differs. */
function localName(header: DataView, nameBytes: number): string | undefined {
  if (header.getUint16(26, true) !== nameBytes) return undefined;
  return new TextDecoder().decode(new Uint8Array(header.buffer, header.byteOffset + LOCAL_HEADER_BYTES, nameBytes));
}

/**
 * Compares the sizes in the local header, or in the descriptor after the data. Returns the descriptor's length in
 * bytes.
 */
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
    throw new WeightsError(`zip: ${source.name}, ${entry.name}: is damaged (no data descriptor after its data)`);
  }
  if (found.byteLength === 24 && found.getBigUint64(16, true) === BigInt(entry.sizeBytes)) return 24;
  if (found.getUint32(12, true) === entry.sizeBytes) return 16;
  throw disagreement(source, entry, found.getUint32(12, true));
}

function disagreement(source: ByteSource, entry: CentralEntry, got: number): WeightsError {
  return new WeightsError(
    `zip: ${source.name}, ${entry.name}: is damaged (${entry.sizeBytes} bytes in the directory but ${got} in its own header)`,
  );
}

function checkOverlap(source: ByteSource, entries: readonly PlacedEntry[], directoryStart: number): void {
  const sorted = entries.toSorted((a, b) => a.start - b.start);
  for (const [i, entry] of sorted.entries()) {
    const next = sorted[i + 1];
    if (entry.end <= (next?.start ?? directoryStart)) continue;
    throw new WeightsError(
      `zip: ${source.name}, ${entry.name}: is damaged (it overlaps ${next?.name ?? 'the directory'})`,
    );
  }
}

async function readView(source: ByteSource, offset: number, length: number): Promise<DataView> {
  if (offset + length > source.sizeBytes) {
    throw endsEarly(source, `zip: ${source.name}`, offset + length);
  }
  const bytes = await source.read(offset, length);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function endsEarly(source: ByteSource, where: string, expectedBytes: number): WeightsError {
  const [got, expected] = formatSizes(source.sizeBytes, expectedBytes);
  return new WeightsError(`${where}: ends early (${got} of ${expected}). Download or copy it again`);
}
