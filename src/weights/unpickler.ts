/**
 * Reads pickles without running any code. It supports the opcodes that Python writes with protocols 2 to 5, passes every
 * global and persistent id to `PickleHost`, and counts the values it creates, so that no file can exhaust the memory.
 * Source: torch/_weights_only_unpickler.py; CPython, Lib/pickletools.py
 */
import { WeightsError } from '../errors/index.ts';
import { formatSizes } from './byte_source.ts';
import { Bytes, Dict, List, type Opaque, type PickleValue, Placeholder, Tuple } from './pickle_values.ts';

export interface PickleHost {
  /** Returns the global of this name, or a placeholder that does nothing. */
  global(module: string, name: string): Opaque;
  /** Returns the value that a persistent id names. */
  persistent(id: PickleValue): PickleValue;
  /** Calls a global with arguments. */
  call(callee: PickleValue, args: Tuple): PickleValue;
  /** Sets the state of a value that is not a dict. */
  setState(target: PickleValue, state: PickleValue): void;
}

/**
 * The pickle of a ResNet-152 has 130 kB, 40000 operations, and creates 10000 objects. A training history of 400000 numbers
 * has 3.6 MB. Every operation takes a time that is linear in the bytes and values it uses, so the limits bound the time.
 */
export const MAX_PICKLE_BYTES = 16_000_000;
const MAX_OPERATIONS = 4_000_000;
/** Tuples, lists, dicts, strings of bytes, placeholders, storages and tensors. Numbers and strings are not among them. */
const MAX_OBJECTS = 150_000;
const MAX_STRINGS = 400_000;
const MAX_VALUES = 1_000_000;
const MAX_MEMO_ENTRIES = 500_000;
/** numpy's random generator saves integers of 128 bits. */
const MAX_INTEGER_BYTES = 255;
const MAX_STACK = 250_000;
const MAX_DEPTH = 1_000;
const MAX_MEMO_INDEX = 10_000_000;

/** Returns the value that the pickle builds. `where` starts every error message. @throws WeightsError */
export function unpickle(bytes: Uint8Array, host: PickleHost, where: string): PickleValue {
  if (bytes.length > MAX_PICKLE_BYTES) {
    throw tooLarge(`${where}, pickle`, bytes.length);
  }
  return new Machine(bytes, host, where).run();
}

/** Returns the error for a pickle that is larger than MAX_PICKLE_BYTES. */
export function tooLarge(where: string, sizeBytes: number): WeightsError {
  const [size, limit] = formatSizes(sizeBytes, MAX_PICKLE_BYTES);
  return new WeightsError(`${where}: is too large (${size}; the limit is ${limit})`);
}

/** Reads a pickle that is followed by other data. `end` is the offset just after the pickle. */
export function unpickleFirst(
  bytes: Uint8Array,
  host: PickleHost,
  where: string,
): { readonly value: PickleValue; readonly end: number } {
  const machine = new Machine(bytes.subarray(0, MAX_PICKLE_BYTES), host, where);
  const value = machine.run();
  return { value, end: machine.position };
}

const LATIN1 = new TextDecoder('latin1');
const UTF8 = new TextDecoder('utf-8', { fatal: true });

class Machine {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly host: PickleHost;
  private readonly where: string;
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private offset = 0;
  private objects = 0;
  private strings = 0;
  private values = 0;

  constructor(bytes: Uint8Array, host: PickleHost, where: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.host = host;
    this.where = where;
  }

  run(): PickleValue {
    for (let operations = 0; ; operations++) {
      if (operations >= MAX_OPERATIONS) throw this.fault(`has more than ${MAX_OPERATIONS} operations`);
      const at = this.offset;
      const opcode = this.bytes[this.take(1)]!;
      if (opcode === STOP) return this.pop();
      const operation = OPERATIONS.get(opcode);
      if (!operation) throw this.fault(`uses the opcode 0x${opcode.toString(16)} at byte ${at}, which no weights need`);
      operation(this);
    }
  }

  get position(): number {
    return this.offset;
  }

  fault(problem: string): WeightsError {
    return new WeightsError(`${this.where}: ${problem}`);
  }

  /** Advances by `length` bytes and returns the position of the first. */
  take(length: number): number {
    const start = this.offset;
    if (start + length > this.bytes.length)
      throw this.fault(`ends early at byte ${start} (${length} more bytes expected)`);
    this.offset += length;
    return start;
  }

  uint8(): number {
    return this.view.getUint8(this.take(1));
  }

  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  float64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  /** Two's complement, little endian. */
  integer(length: number): number | bigint {
    const start = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[start + i]!);
    const signed = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }

  /** An unsigned 64-bit length. One that is not exact is larger than the pickle, so that `take` rejects it. */
  length64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  /** Copies bytes, so that the value does not keep the whole pickle in memory. */
  raw(length: number): Bytes {
    const start = this.take(length);
    return new Bytes(this.bytes.slice(start, start + length));
  }

  text(length: number): string {
    const start = this.take(length);
    try {
      return UTF8.decode(withoutSurrogates(this.bytes.subarray(start, start + length)));
    } catch {
      throw this.fault(`is damaged (the string at byte ${start} is not UTF-8)`);
    }
  }

  /** Python 2's strings are bytes. */
  latin1(length: number): string {
    const start = this.take(length);
    return LATIN1.decode(this.bytes.subarray(start, start + length));
  }

  /** The length of a LONG4, of which a file needs no more than a few bytes. */
  shortLength(): number {
    const length = this.uint32();
    if (length > MAX_INTEGER_BYTES)
      throw this.fault(`has an integer of ${length} bytes (the limit is ${MAX_INTEGER_BYTES})`);
    return length;
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.offset);
    if (end < 0) throw this.fault(`ends early at byte ${this.offset} (in a name)`);
    const text = this.text(end - this.offset);
    this.take(1);
    return text;
  }

  push(value: PickleValue): void {
    if (++this.values > MAX_VALUES) throw this.fault(`has more than ${MAX_VALUES} values`);
    if (this.stack.length >= MAX_STACK) throw this.fault(`has more than ${MAX_STACK} values on its stack`);
    this.stack.push(value);
  }

  pop(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) {
      throw this.fault('is damaged (it takes a value from an empty stack)');
    }
    return this.stack.pop()!;
  }

  /** Removes the value on top, or a mark, as Python does. */
  discard(): void {
    if (this.marks.length > 0 && this.stack.length === this.marks.at(-1)) this.marks.pop();
    else this.pop();
  }

  top(): PickleValue {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  mark(): void {
    if (this.marks.length >= MAX_DEPTH) throw this.fault(`has marks nested more than ${MAX_DEPTH} levels deep`);
    this.marks.push(this.stack.length);
  }

  popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.fault('is damaged (it refers to a mark that was not set)');
    return this.stack.splice(mark);
  }

  remember(index: number): void {
    if (index > MAX_MEMO_INDEX)
      throw this.fault(`has a memo index that is too large (${index}; the limit is ${MAX_MEMO_INDEX})`);
    if (this.memo.size >= MAX_MEMO_ENTRIES) throw this.fault(`has more than ${MAX_MEMO_ENTRIES} memo entries`);
    this.memo.set(index, this.top());
  }

  memoize(): void {
    this.remember(this.memo.size);
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.fault(`is damaged (it reads memo entry ${index}, which was not written)`);
    this.push(value);
  }

  /** Pushes a value that was just made. */
  pushNew(value: PickleValue): void {
    if (typeof value === 'object' && value !== null && ++this.objects > MAX_OBJECTS)
      throw this.fault(`has more than ${MAX_OBJECTS} tuples, lists, dicts and other objects`);
    if (value instanceof Tuple && value.depth > MAX_DEPTH)
      throw this.fault(`has tuples nested more than ${MAX_DEPTH} levels deep`);
    if (typeof value === 'string' && ++this.strings > MAX_STRINGS)
      throw this.fault(`has more than ${MAX_STRINGS} strings`);
    this.push(value);
  }

  pushTuple(length: number): void {
    const items: PickleValue[] = [];
    for (let i = 0; i < length; i++) items.unshift(this.pop());
    this.pushNew(new Tuple(items));
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (list instanceof Placeholder) return; // a kind of list, whose items no tensor needs
    if (!(list instanceof List)) throw this.fault('is damaged (it appends to a value that is not a list)');
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.dictOnTop();
    if (!(dict instanceof Dict)) throw this.fault('is damaged (it sets an item of a value that is not a dict)');
    if (items.length % 2 !== 0) throw this.fault('is damaged (it sets an item without a value)');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (key instanceof List || key instanceof Dict) throw this.fault('is damaged (a dict key is a list or a dict)');
      dict.entries.set(key, items[i + 1]!);
    }
  }

  private dictOnTop(): PickleValue {
    const target = this.top();
    if (!(target instanceof Placeholder)) return target;
    target.items ??= new Dict();
    return target.items;
  }

  /** Ignores the state of a dict: `state_dict()` sets only `_metadata`, which the tensors do not need. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (!(target instanceof Dict)) this.host.setState(target, state);
  }

  global(): void {
    this.pushNew(this.host.global(this.line(), this.line()));
  }

  stackGlobal(): void {
    const [name, module] = [this.pop(), this.pop()];
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.fault('is damaged (the name of a global is not a string)');
    this.pushNew(this.host.global(module, name));
  }

  persistent(): void {
    this.pushNew(this.host.persistent(this.pop()));
  }

  call(): void {
    const [args, callee] = [this.pop(), this.pop()];
    if (!(args instanceof Tuple)) throw this.fault('is damaged (it calls with arguments that are not a tuple)');
    this.pushNew(this.host.call(callee, args));
  }

  /** Calls with keyword arguments, which only objects that are not tensors have. */
  callWithKeywords(): void {
    const keywords = this.pop();
    if (!(keywords instanceof Dict)) throw this.fault('is damaged (its keyword arguments are not a dict)');
    this.call();
  }

  newList(items: readonly PickleValue[]): void {
    const list = new List();
    for (const item of items) list.items.push(item);
    this.pushNew(list);
  }
}

/**
 * Replaces the three bytes of each lone surrogate with those of U+FFFD. Python writes lone surrogates in file names that
 * are not UTF-8.
 */
function withoutSurrogates(bytes: Uint8Array): Uint8Array {
  let at = bytes.indexOf(0xed);
  if (at < 0) return bytes;
  const replaced = bytes.slice();
  for (; at >= 0; at = bytes.indexOf(0xed, at + 1))
    if (at + 2 < bytes.length && bytes[at + 1]! >= 0xa0) replaced.set([0xef, 0xbf, 0xbd], at);
  return replaced;
}

const STOP = 0x2e;

const OPERATIONS: ReadonlyMap<number, (machine: Machine) => void> = new Map([
  [0x80, m => m.take(1)], // PROTO
  [0x28, m => m.mark()], // MARK
  [0x30, m => m.discard()], // POP
  [0x31, m => m.popToMark()], // POP_MARK
  [0x95, m => m.take(8)], // FRAME
  [0x63, m => m.global()], // GLOBAL
  [0x93, m => m.stackGlobal()], // STACK_GLOBAL
  [0x92, m => m.callWithKeywords()], // NEWOBJ_EX
  [0x52, m => m.call()], // REDUCE
  [0x81, m => m.call()], // NEWOBJ
  [0x62, m => m.build()], // BUILD
  [0x51, m => m.persistent()], // BINPERSID
  [0x7d, m => m.pushNew(new Dict())], // EMPTY_DICT
  [0x5d, m => m.pushNew(new List())], // EMPTY_LIST
  [0x8f, m => m.pushNew(new List())], // EMPTY_SET: a list will do
  [0x90, m => m.append(m.popToMark())], // ADDITEMS
  [0x91, m => m.newList(m.popToMark())], // FROZENSET
  [0x29, m => m.pushTuple(0)], // EMPTY_TUPLE
  [0x85, m => m.pushTuple(1)], // TUPLE1
  [0x86, m => m.pushTuple(2)], // TUPLE2
  [0x87, m => m.pushTuple(3)], // TUPLE3
  [0x74, m => m.pushNew(new Tuple(m.popToMark()))], // TUPLE
  [0x61, m => m.append([m.pop()])], // APPEND
  [0x65, m => m.append(m.popToMark())], // APPENDS
  [0x73, m => m.setItems([m.pop(), m.pop()].reverse())], // SETITEM
  [0x75, m => m.setItems(m.popToMark())], // SETITEMS
  [0x4e, m => m.push(null)], // NONE
  [0x88, m => m.push(true)], // NEWTRUE
  [0x89, m => m.push(false)], // NEWFALSE
  [0x4a, m => m.push(m.int32())], // BININT
  [0x4b, m => m.push(m.uint8())], // BININT1
  [0x4d, m => m.push(m.uint16())], // BININT2
  [0x8a, m => m.push(m.integer(m.uint8()))], // LONG1
  [0x8b, m => m.push(m.integer(m.shortLength()))], // LONG4
  [0x47, m => m.push(m.float64())], // BINFLOAT
  [0x58, m => m.pushNew(m.text(m.uint32()))], // BINUNICODE
  [0x8c, m => m.pushNew(m.text(m.uint8()))], // SHORT_BINUNICODE
  [0x8d, m => m.pushNew(m.text(m.length64()))], // BINUNICODE8
  [0x55, m => m.pushNew(m.latin1(m.uint8()))], // SHORT_BINSTRING
  [0x54, m => m.pushNew(m.latin1(m.uint32()))], // BINSTRING
  [0x42, m => m.pushNew(m.raw(m.uint32()))], // BINBYTES
  [0x43, m => m.pushNew(m.raw(m.uint8()))], // SHORT_BINBYTES
  [0x8e, m => m.pushNew(m.raw(m.length64()))], // BINBYTES8
  [0x96, m => m.pushNew(m.raw(m.length64()))], // BYTEARRAY8
  [0x68, m => m.recall(m.uint8())], // BINGET
  [0x6a, m => m.recall(m.uint32())], // LONG_BINGET
  [0x71, m => m.remember(m.uint8())], // BINPUT
  [0x72, m => m.remember(m.uint32())], // LONG_BINPUT
  [0x94, m => m.memoize()], // MEMOIZE
] as [number, (machine: Machine) => void][]);
