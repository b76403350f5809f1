/** Mutations that need no knowledge of the format. */
import { type Dice, NUMBERS } from './dice.ts';

/** Makes one to four changes. The result is at most twice as long, plus 64 bytes. */
export function mutateBytes(dice: Dice, bytes: Uint8Array): Uint8Array {
  let result = Buffer.from(bytes);
  for (let left = 1 + dice.below(4); left > 0; left--) result = Buffer.from(dice.pick(CHANGES)(dice, result));
  return result.subarray(0, 2 * bytes.length + 64);
}

type Change = (dice: Dice, bytes: Buffer) => Uint8Array;

const CHANGES: readonly Change[] = [flipBit, setByte, setNumber, setNumber, cut, remove, repeat, insert, swap];

function flipBit(dice: Dice, bytes: Buffer): Uint8Array {
  if (bytes.length > 0) bytes[dice.below(bytes.length)]! ^= 1 << dice.below(8);
  return bytes;
}

function setByte(dice: Dice, bytes: Buffer): Uint8Array {
  if (bytes.length > 0) bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
}

/** Writes a boundary value of 2, 4 or 8 bytes, in either byte order. */
function setNumber(dice: Dice, bytes: Buffer): Uint8Array {
  const width = dice.pick([2, 4, 8]);
  if (bytes.length < width) return bytes;
  const at = dice.below(bytes.length - width + 1);
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(BigInt.asUintN(64, dice.pick(NUMBERS)));
  const field = number.subarray(0, width);
  bytes.set(dice.chance(4) ? field.reverse() : field, at);
  return bytes;
}

function cut(dice: Dice, bytes: Buffer): Uint8Array {
  return bytes.subarray(0, dice.below(bytes.length + 1));
}

function remove(dice: Dice, bytes: Buffer): Uint8Array {
  const [start, end] = range(dice, bytes);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

function repeat(dice: Dice, bytes: Buffer): Uint8Array {
  const [start, end] = range(dice, bytes);
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
}

function insert(dice: Dice, bytes: Buffer): Uint8Array {
  const at = dice.below(bytes.length + 1);
  const added = Buffer.from(Array.from({ length: 1 + dice.below(8) }, () => dice.below(256)));
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
}

function swap(dice: Dice, bytes: Buffer): Uint8Array {
  const [a, b, c] = [dice.below(bytes.length + 1), dice.below(bytes.length + 1), dice.below(bytes.length + 1)].sort(
    (x, y) => x - y,
  ) as [number, number, number];
  return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b, c), bytes.subarray(a, b), bytes.subarray(c)]);
}

function range(dice: Dice, bytes: Buffer): [number, number] {
  const start = dice.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + 1 + dice.below(dice.chance(4) ? 256 : 16))];
}
