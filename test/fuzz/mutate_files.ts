/** Mutations that keep a format's outer structure, so that they reach the parser's inner checks. */
import { MAX_PICKLE_BYTES } from '../../src/weights/unpickler.ts';
import { type Dice, NUMBERS } from './dice.ts';
import { mutateBytes } from './mutate_bytes.ts';
import { mutateJson } from './mutate_json.ts';
import { disassemble, mutatePickle } from './mutate_pickle.ts';

/** Fields of ZIP's records: offset from the signature, and width. */
const ZIP_FIELDS: Readonly<Record<number, readonly (readonly [number, number])[]>> = {
  67324752: [
    [6, 2],
    [8, 2],
    [14, 4],
    [18, 4],
    [22, 4],
    [26, 2],
    [28, 2],
  ],
  33639248: [
    [8, 2],
    [10, 2],
    [20, 4],
    [24, 4],
    [28, 2],
    [30, 2],
    [32, 2],
    [42, 4],
  ],
  101010256: [
    [4, 2],
    [8, 2],
    [10, 2],
    [12, 4],
    [16, 4],
    [20, 2],
  ],
  101075792: [
    [4, 8],
    [24, 8],
    [32, 8],
    [40, 8],
    [48, 8],
  ],
  117853008: [
    [4, 4],
    [8, 8],
  ],
  134695760: [
    [4, 4],
    [8, 8],
    [16, 8],
  ],
};

/** Mutates numbers in ZIP's records, or any bytes. */
export function mutateZip(dice: Dice, seed: Uint8Array): Uint8Array {
  if (dice.chance(4)) return mutateBytes(dice, seed);
  const bytes = Buffer.from(seed);
  for (let left = 1 + dice.below(3); left > 0; left--) {
    const records = recordsOf(bytes);
    const [at, fields] = dice.pick(records);
    const [offset, width] = dice.pick(fields);
    if (at + offset + width <= bytes.length) setField(dice, bytes, at + offset, width);
  }
  return bytes;
}

function recordsOf(bytes: Buffer): [number, readonly (readonly [number, number])[]][] {
  const found: [number, readonly (readonly [number, number])[]][] = [];
  for (let at = bytes.indexOf('PK'); at >= 0 && at + 4 <= bytes.length; at = bytes.indexOf('PK', at + 1)) {
    const fields = ZIP_FIELDS[bytes.readUInt32LE(at)];
    if (fields !== undefined) found.push([at, fields]);
  }
  return found;
}

/** Sets a field to a boundary value, or to a value close to the original. */
function setField(dice: Dice, bytes: Buffer, at: number, width: number): void {
  const field = Buffer.alloc(8);
  bytes.copy(field, 0, at, at + width);
  const near = field.readBigUInt64LE() + BigInt(dice.below(9) - 4);
  field.writeBigUInt64LE(BigInt.asUintN(64, dice.chance(2) ? near : dice.pick(NUMBERS)));
  bytes.set(field.subarray(0, width), at);
}

/** Mutates one of the five pickles, the count before a storage, or any bytes. */
export function mutateLegacy(dice: Dice, seed: Uint8Array): Uint8Array {
  if (dice.chance(4)) return mutateBytes(dice, seed);
  const pickles: Uint8Array[] = [];
  let position = 0;
  for (let i = 0; i < 5; i++) {
    const length = Buffer.concat(disassemble(seed.subarray(position))).length;
    pickles.push(seed.subarray(position, position + length));
    position += length;
  }
  const rest = Buffer.from(seed.subarray(position));
  const which = dice.pick([1, 2, 3, 3, 3, 3, 4, 5]);
  if (which < 5) pickles[which] = mutatePickle(dice, pickles[which]!).subarray(0, MAX_PICKLE_BYTES);
  else setField(dice, rest, dice.chance(2) ? 0 : dice.below(Math.max(rest.length - 8, 1)), 8);
  return Buffer.concat([...pickles, rest]);
}

/** Mutates a header field (and fixes the checksum), a member's content, or any bytes. */
export function mutateTar(dice: Dice, seed: Uint8Array): Uint8Array {
  if (dice.chance(4)) return mutateBytes(dice, seed);
  const bytes = Buffer.from(seed);
  const headers = headersOf(bytes);
  const { at, sizeBytes } = dice.pick(headers);
  if (dice.chance(2)) {
    const content = bytes.subarray(at + 512, at + 512 + sizeBytes);
    const changed = dice.chance(2) ? mutatePickle(dice, content) : mutateBytes(dice, content);
    content.set(changed.subarray(0, content.length));
    return bytes;
  }
  switch (dice.below(4)) {
    case 0:
      bytes.write(dice.pick(NUMBERS).toString(8).replace('-', '7').slice(0, 11).padStart(11, '0'), at + 124);
      break;
    case 1:
      bytes[at + 156] = dice.pick([0, 0x30, 0x31, 0x35, 0x67, 0x78, 0x4c, 0x53]);
      break;
    case 2:
      bytes.write(dice.pick(['storages', 'tensors', 'pickle', './pickle', '__proto__', '']), at);
      break;
    default:
      bytes[at + dice.below(512)] = dice.below(256);
  }
  writeChecksum(bytes, at);
  return bytes;
}

function headersOf(bytes: Buffer): { at: number; sizeBytes: number }[] {
  const found: { at: number; sizeBytes: number }[] = [];
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const sizeBytes = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8);
    found.push({ at, sizeBytes });
    at += 512 + Math.ceil(sizeBytes / 512) * 512;
  }
  return found;
}

function writeChecksum(bytes: Buffer, at: number): void {
  const header = bytes.subarray(at, at + 512);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

/** Mutates the header's JSON (and fixes its length), only the length, or any bytes. */
export function mutateSafetensors(dice: Dice, seed: Uint8Array): Uint8Array {
  if (dice.chance(5)) return mutateBytes(dice, seed);
  const bytes = Buffer.from(seed);
  if (dice.chance(8)) {
    setField(dice, bytes, 0, 8);
    return bytes;
  }
  const headerBytes = Number(bytes.readBigUInt64LE());
  const header = Buffer.from(mutateJson(dice, bytes.toString('utf8', 8, 8 + headerBytes)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes.subarray(8 + headerBytes)]);
}

/** Mutates the header's text (and fixes its length), or any bytes. */
export function mutateNpy(dice: Dice, seed: Uint8Array): Uint8Array {
  if (dice.chance(4)) return mutateBytes(dice, seed);
  const bytes = Buffer.from(seed);
  const end = 10 + bytes.readUInt16LE(8);
  let text = bytes.toString('latin1', 10, end);
  for (let left = 1 + dice.below(2); left > 0; left--) {
    const number = String(dice.pick(NUMBERS));
    text = dice.pick([
      () => text.replace(/\d+(?=[,)])/, number),
      () => text.replace(/\(.*\)/, `(${number}, ${dice.pick(NUMBERS)})`),
      () => text.replace("'<f4'", dice.pick(["'<f2'", "'<f8'", "'>f4'", "'|O'", "'<i8'", "[('a', '<f4')]"])),
      () => text.replace('False', dice.pick(['True', 'None', ''])),
      () => Buffer.from(mutateBytes(dice, Buffer.from(text, 'latin1'))).toString('latin1'),
    ])();
  }
  const header = Buffer.from(text, 'latin1').subarray(0, 65_535);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([bytes.subarray(0, 8), length, header, bytes.subarray(end)]);
}
