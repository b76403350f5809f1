/**
 * Pickles that no weights contain, with the expected errors. Each is put into a checkpoint with one storage of 16
 * bytes.
 */
import { concat, long, pickle, tensorPickle, uint32, unicode } from '../weights/build.ts';

function repeated(times: number, bytes: Uint8Array): Uint8Array[] {
  return new Array(times).fill(bytes);
}

/** Items whose keys are consecutive numbers. */
function numbered(first: number, count: number): Uint8Array {
  return concat(...Array.from({ length: count }, (_, i) => concat('J', uint32(first + i), 'N')));
}

export const HOSTILE_PICKLES: readonly [name: string, bytes: () => Uint8Array, error: RegExp][] = [
  [
    'os.system',
    () => pickle('cos\nsystem\n', unicode('true'), [0x85], 'R'),
    /has no state dict, but an object of the Python class "os\.system"/,
  ],
  [
    'builtins.eval',
    () => pickle('c__builtin__\neval\n', unicode('1'), [0x85], 'R'),
    /has no state dict, but an object of the Python class "__builtin__\.eval"/,
  ],
  [
    'runpy',
    () => pickle('crunpy\n_run_code\n'),
    /has no state dict, but an object of the Python class "runpy\._run_code"/,
  ],
  [
    'STACK_GLOBAL',
    () => pickle(unicode('os'), unicode('system'), [0x93]),
    /has no state dict, but an object of the Python class "os\.system"/,
  ],
  ['INST', () => pickle('(ios\nsystem\n'), /uses the opcode 0x69 at byte 3, which no weights need/],
  ['DUP in a loop', () => pickle(']', '2'.repeat(1000)), /uses the opcode 0x32/],
  [
    'a string of 4 GB',
    () => pickle('X', uint32(0xffffffff)),
    /ends early at byte 7 \(4294967295 more bytes expected\)/,
  ],
  [
    'a memo index of 4 billion',
    () => pickle('Nr', uint32(0xffffffff)),
    /has a memo index that is too large \(4294967295; the limit is 10000000\)/,
  ],
  ['a memo entry that was not written', () => pickle('h', [9]), /reads memo entry 9, which was not written/],
  [
    'a million nested tuples',
    () => pickle(')', new Uint8Array(1e6).fill(0x85)),
    /has tuples nested more than 1000 levels deep/,
  ],
  ['a million marks', () => pickle('('.repeat(1e6)), /has marks nested more than 1000 levels deep/],
  ['a million dicts', () => pickle('}'.repeat(1e6)), /has more than 150000 tuples, lists, dicts and other objects/],
  [
    'a list of a million strings of bytes',
    () => pickle('](', ...repeated(10, concat('C\0'.repeat(100_000), 'e(')), 'e'),
    /has more than 150000 tuples, lists, dicts and other objects/,
  ],
  [
    'a list of a million placeholders',
    () => pickle('](', ...repeated(10, concat('ca\nb\n'.repeat(100_000), 'e(')), 'e'),
    /has more than 150000 tuples, lists, dicts and other objects/,
  ],
  [
    'a list of two million short strings',
    () => pickle('](', ...repeated(20, concat('\x55\x02ab'.repeat(100_000), 'e(')), 'e'),
    /has more than 400000 strings/,
  ],
  [
    'a list of 900,000 numbers',
    () => pickle('](', ...repeated(9, concat('G\x01234567z'.repeat(100_000), 'e(')), 'e'),
    /has no state dict, but not a dict/,
  ],
  [
    'a dict of 400,000 numbers',
    () => pickle('}(', ...Array.from({ length: 4 }, (_, i) => concat(numbered(100_000 * i, 100_000), 'u(')), 'u'),
    /has no state dict, but a dict with the keys "0", /,
  ],
  [
    'two million values that are made and dropped',
    () => pickle('(', ...repeated(20, concat('N'.repeat(100_000), '1(')), 't'),
    /has more than 1000000 values/,
  ],
  ['two million values', () => pickle('N'.repeat(2e6)), /has more than 250000 values on its stack/],
  ['a million memo entries', () => pickle('N', new Uint8Array(1e6).fill(0x94)), /has more than 500000 memo entries/],
  ['five million values', () => pickle('N0'.repeat(5e6)), /has more than 1000000 values/],
  [
    'five million operations that make no value',
    () =>
      pickle(
        'Nq',
        [0],
        new Uint8Array(1e7).map((_, i) => (i % 2 === 0 ? 0x71 : 0)),
      ),
    /has more than 4000000 operations/,
  ],
  [
    'an integer of 4 GB',
    () => pickle([0x8b], uint32(0xfffffff0)),
    /has an integer of 4294967280 bytes \(the limit is 255\)/,
  ],
  ['an empty stack', () => pickle('Q'), /is damaged \(it takes a value from an empty stack\)/],
  ['a pop below a mark', () => pickle('N(Q'), /is damaged \(it takes a value from an empty stack\)/],
  ['a tuple without a mark', () => pickle('t'), /is damaged \(it refers to a mark that was not set\)/],
  ['a list that contains itself', () => pickle(']q', [0], 'h', [0], 'a'), /has no state dict, but not a dict/],
  ['a dict whose key is a dict', () => pickle('}}Ns'), /is damaged \(a dict key is a list or a dict\)/],
  ['an item of a tuple', () => pickle(')NNs'), /is damaged \(it sets an item of a value that is not a dict\)/],
  ['the state of a list', () => pickle(']Nb'), /is damaged \(it sets the state of a value that has none\)/],
  ['a call of a dict', () => pickle('})R'), /is damaged \(it calls a value that is not a function\)/],
  ['a persistent id that is a string', () => pickle(unicode('module'), 'Q'), /a persistent id does not name a storage/],
  ['no STOP', () => concat([0x80, 2], 'N'), /ends early at byte 3/],
  ['a negative size', () => tensorPickle({ shape: [-1n] }), /a tensor needs a storage, an offset, a shape and strides/],
  [
    'a size of 2^53',
    () => tensorPickle({ shape: [2n ** 53n] }),
    /a tensor needs a storage, an offset, a shape and strides/,
  ],
  [
    'sizes whose product overflows',
    () => tensorPickle({ shape: [2n ** 40n, 2n ** 40n], stride: [0n, 0n] }),
    /a tensor needs a storage, an offset, a shape and strides/,
  ],
  ['a storage of 2^53 elements', () => tensorPickle({ count: 2n ** 53n }), /a persistent id does not name a storage/],
  ['a storage of the wrong size', () => tensorPickle({ count: 5n }), /data\/0 has 16 bytes, expected 20 bytes/],
  [
    'a view past its storage',
    () => tensorPickle({ offset: 1n }),
    /\[4\] with strides \[1\] at offset 1 reaches past storage 0, which has 4/,
  ],
  ['a stride past its storage', () => tensorPickle({ shape: [2n], stride: [4n] }), /reaches past storage 0/],
  [
    'a negative stride',
    () => tensorPickle({ stride: [-1n] }),
    /a tensor needs a storage, an offset, a shape and strides/,
  ],
  ['fewer strides than sizes', () => tensorPickle({ stride: [] }), /a tensor has 1 sizes but 0 strides/],
  [
    'an expanded view of 2^40',
    () => tensorPickle({ shape: [2n ** 40n], stride: [0n] }),
    /expands 4 elements to 1099511627776 \(the limit is 4194304\)/,
  ],
  ['a list of numbers', () => pickle('](', long(1n), long(2n), 'e'), /has no state dict, but not a dict/],
  [
    'a dict without tensors',
    () => pickle('}', unicode('epoch'), 'Ns'),
    /has no state dict, but a dict with the keys "epoch"/,
  ],
];
