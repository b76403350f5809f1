/**
 * Reads the part of tar that Python's tarfile writes: regular files, PAX and GNU long names, checksums.
 * Source: POSIX.1-2001, pax Interchange Format; GNU tar manual, Basic Tar Format
 */
import { WeightsError } from '../errors/index.ts';
import type { ByteSource } from '../platform/types.ts';
import { formatSizes } from './byte_source.ts';

const BLOCK_BYTES = 512;
const MAX_MEMBERS = 1000;
/** A PAX header contains a few short lines. */
const MAX_EXTENSION_BYTES = 65_536;

const TEXT = new TextDecoder('latin1');

interface Header {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes: number;
}

/** Values of an extended header, which replace those in the next file's own header. */
interface Override {
  readonly name?: string;
  readonly sizeBytes?: number;
}

/**
 * Returns the regular files by path, without a leading `./`.
 *
 * @throws WeightsError  damaged, or two files have one name
 */
export async function readTar(source: ByteSource): Promise<ReadonlyMap<string, ByteSource>> {
  const members = new Map<string, ByteSource>();
  let override: Override = {};
  let position = 0;
  for (let count = 0; position + BLOCK_BYTES <= source.sizeBytes; count++) {
    if (count >= MAX_MEMBERS) {
      throw new WeightsError(`tar: ${source.name}: has more than ${MAX_MEMBERS} members`);
    }
    const header = readHeader(source, await source.read(position, BLOCK_BYTES), position);
    if (header === undefined) break;
    const { name = header.name, sizeBytes = header.sizeBytes } = override;
    const begin = position + BLOCK_BYTES;
    if (begin + sizeBytes > source.sizeBytes) {
      throw endsEarly(`tar: ${source.name}`, source.sizeBytes, begin + sizeBytes);
    }
    if (header.type === 'x' || header.type === 'L') override = await readOverride(source, header, begin);
    else {
      override = {};
      if (header.type === '0') addMember(members, source, { name: name.replace(/^\.\//, ''), begin, sizeBytes });
    }
    position = begin + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return members;
}

function addMember(
  members: Map<string, ByteSource>,
  source: ByteSource,
  { name, begin, sizeBytes }: { readonly name: string; readonly begin: number; readonly sizeBytes: number },
): void {
  if (members.has(name)) {
    throw new WeightsError(`tar: ${source.name}: has two members named ${JSON.stringify(name)}`);
  }
  members.set(name, {
    name: source.name,
    sizeBytes,
    async read(offset, length) {
      if (offset >= 0 && length >= 0 && offset + length <= sizeBytes) return source.read(begin + offset, length);
      throw endsEarly(`tar: ${source.name}, ${name}`, sizeBytes, offset + length);
    },
    close: () => source.close(),
  });
}

/** Returns the header; undefined for the block of zeros that ends the archive. */
function readHeader(source: ByteSource, block: Uint8Array, position: number): Header | undefined {
  if (block.every(byte => byte === 0)) return undefined;
  // The checksum counts its own eight bytes as spaces.
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  if (sum !== readNumber(block.subarray(148, 156)))
    throw damaged(source, `the header at byte ${position} has the wrong checksum`);
  const sizeBytes = readNumber(block.subarray(124, 136));
  if (sizeBytes === undefined) throw damaged(source, `the header at byte ${position} has no size`);
  const prefix = text(block.subarray(257, 263)) === 'ustar' ? text(block.subarray(345, 500)) : '';
  const name = text(block.subarray(0, 100));
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  return { name: prefix === '' ? name : `${prefix}/${name}`, type, sizeBytes };
}

/** Parses octal digits, or base 256 if the first bit is set. */
function readNumber(field: Uint8Array): number | undefined {
  if (field[0]! >= 0x80) {
    const value = field.reduce((total, byte, i) => total * 256 + (i === 0 ? byte & 0x7f : byte), 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = text(field).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** Decodes a field up to its first zero byte. */
function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return TEXT.decode(end < 0 ? field : field.subarray(0, end));
}

async function readOverride(source: ByteSource, { type, sizeBytes }: Header, begin: number): Promise<Override> {
  if (sizeBytes > MAX_EXTENSION_BYTES) {
    const [size, limit] = formatSizes(sizeBytes, MAX_EXTENSION_BYTES);
    throw new WeightsError(`tar: ${source.name}, extended header: is too large (${size}; the limit is ${limit})`);
  }
  const bytes = await source.read(begin, sizeBytes);
  if (type === 'L') return { name: text(bytes) };
  const override: { name?: string; sizeBytes?: number } = {};
  for (let position = 0; position < bytes.length; ) {
    // "<length of the line> <key>=<value>\n"
    const line = /^(\d+) ([^=]+)=/.exec(TEXT.decode(bytes.subarray(position, position + 256)));
    const length = Number(line?.[1]);
    if (line === null || !(length > line[0].length) || position + length > bytes.length) {
      throw damaged(source, 'an extended header does not consist of lines');
    }
    const value = new TextDecoder().decode(bytes.subarray(position + line[0].length, position + length - 1));
    if (line[2] === 'path') override.name = value;
    if (line[2] === 'size') {
      override.sizeBytes = Number(value);
      if (!/^\d+$/.test(value) || !Number.isSafeInteger(override.sizeBytes)) {
        throw damaged(source, `a member has a size of ${JSON.stringify(value)}`);
      }
    }
    position += length;
  }
  return override;
}

function damaged(source: ByteSource, problem: string): WeightsError {
  return new WeightsError(`tar: ${source.name}: is damaged (${problem})`);
}

function endsEarly(where: string, gotBytes: number, expectedBytes: number): WeightsError {
  const [got, expected] = formatSizes(gotBytes, expectedBytes);
  return new WeightsError(`${where}: ends early (${got} of ${expected}). Download or copy it again`);
}
