import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../src/errors.ts';
import { checkpoint, concat, fixturePath, long, open, pickle, tensorPickle, uint32, unicode, zip } from './build.ts';

const HOSTILE_PICKLES: readonly [name: string, bytes: () => Uint8Array, error: RegExp][] = [
  [
    'os.system',
    () => pickle('cos\nsystem\n', unicode('true'), [0x85], 'R'),
    /asks Python for "os\.system", which weights have no use for/,
  ],
  [
    'builtins.eval',
    () => pickle('c__builtin__\neval\n', unicode('1'), [0x85], 'R'),
    /asks Python for "__builtin__\.eval"/,
  ],
  ['runpy', () => pickle('crunpy\n_run_code\n'), /asks Python for "runpy\._run_code"/],
  [
    'STACK_GLOBAL',
    () => pickle(unicode('os'), unicode('system'), [0x93]),
    /opcode 0x93 at byte 20 has no place in weights/,
  ],
  ['INST', () => pickle('(ios\nsystem\n'), /opcode 0x69 at byte 3 has no place/],
  ['DUP that doubles', () => pickle(']', '2'.repeat(1000)), /opcode 0x32/],
  [
    'a text of 4 GB',
    () => pickle('X', uint32(0xffffffff)),
    /breaks off at byte 7: 4294967295 more bytes were promised/,
  ],
  [
    'a memo index of 4 billion',
    () => pickle('Nr', uint32(0xffffffff)),
    /remembers a value under 4294967295, at most 10000000/,
  ],
  ['a value that was not remembered', () => pickle('h', [9]), /recalls value 9, which was not remembered/],
  ['a million nested tuples', () => pickle(')', new Uint8Array(1e6).fill(0x85)), /nests more than 1000 tuples/],
  ['a million marks', () => pickle('('.repeat(1e6)), /nests more than 1000 marks/],
  ['a million dicts', () => pickle('}'.repeat(1e6)), /makes more than 250000 tuples, lists and dicts/],
  ['three million values', () => pickle('N'.repeat(3e6)), /more than 1000000 values on its stack/],
  ['an empty stack', () => pickle('Q'), /takes a value from an empty stack/],
  ['a value from below a mark', () => pickle('N(Q'), /takes a value from an empty stack/],
  ['no mark', () => pickle('t'), /looks for a mark that was not set/],
  ['a list that holds itself', () => pickle(']q', [0], 'h', [0], 'a'), /holds no state dict, but no dict/],
  ['a dict whose key is a dict', () => pickle('}}Ns'), /keys are neither texts nor numbers/],
  ['an item of a tuple', () => pickle(')NNs'), /sets an item of what is no dict/],
  ['the state of a list', () => pickle(']Nb'), /sets the state of what is no dict/],
  ['a call of a dict', () => pickle('})R'), /calls what cannot be called/],
  ['a persistent id that is a text', () => pickle(unicode('module'), 'Q'), /refers to something that is not a storage/],
  ['no end', () => concat([0x80, 2], 'N'), /breaks off at byte 3/],
  ['a negative size', () => tensorPickle({ shape: [-1n] }), /a tensor is made of the wrong things/],
  ['a size of 2^53', () => tensorPickle({ shape: [2n ** 53n] }), /a tensor is made of the wrong things/],
  [
    'sizes whose product overflows',
    () => tensorPickle({ shape: [2n ** 40n, 2n ** 40n], stride: [0n, 0n] }),
    /made of the wrong things/,
  ],
  ['a storage of 2^53 elements', () => tensorPickle({ count: 2n ** 53n }), /refers to something that is not a storage/],
  ['a storage of another size', () => tensorPickle({ count: 5n }), /data\/0 should have 20 bytes, it has 16 bytes/],
  [
    'a view past its storage',
    () => tensorPickle({ offset: 1n }),
    /\[4\] with strides \[1\] at 1 reaches past storage 0, which has 4/,
  ],
  ['a stride past its storage', () => tensorPickle({ shape: [2n], stride: [4n] }), /reaches past storage 0/],
  ['a negative stride', () => tensorPickle({ stride: [-1n] }), /a tensor is made of the wrong things/],
  ['fewer strides than sizes', () => tensorPickle({ stride: [] }), /a tensor has 1 sizes and 0 strides/],
  [
    'an expanded view of 2^40',
    () => tensorPickle({ shape: [2n ** 40n], stride: [0n] }),
    /repeats 4 elements to 1099511627776/,
  ],
  ['a list of numbers', () => pickle('](', long(1n), long(2n), 'e'), /holds no state dict, but no dict/],
  ['a dict without tensors', () => pickle('}', unicode('epoch'), 'Ns'), /holds no state dict, but a dict with "epoch"/],
];

describe('hostile pickles', () => {
  it.each(HOSTILE_PICKLES)('%s', async (_, bytes, error) => {
    const file = checkpoint(bytes());
    const started = performance.now();
    await expect(open(file)).rejects.toThrow(error);
    await expect(open(file)).rejects.toThrow(WeightsError);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

const good = tensorPickle();

const HOSTILE_ZIPS: readonly [name: string, bytes: () => Uint8Array, error: RegExp][] = [
  [
    'compressed entries',
    () => checkpoint(good, { method: 8 }),
    /its record data\.pkl is compressed, torch\.save stores it/,
  ],
  [
    'encrypted entries',
    () => checkpoint(good, { tamper: (file, { central }) => void file.writeUInt16LE(1, central[0]! + 8) }),
    /data\.pkl: is encrypted/,
  ],
  [
    'sizes that disagree',
    () => checkpoint(good, { tamper: (file, { local }) => void file.writeUInt32LE(8, local[1]! + 22) }),
    /data\/0: has 16 bytes by the directory and 8 by its own header/,
  ],
  [
    'entries that overlap',
    () => checkpoint(good, { tamper: (file, { central, local }) => lengthen(file, central[0]!, local[0]!) }),
    /data\.pkl: overlaps archive\/data\/0/,
  ],
  [
    'an entry past the end',
    () => checkpoint(good, { tamper: (file, { central, local }) => lengthen(file, central[1]!, local[1]!, 1e9) }),
    /data\/0: ends at byte \d+, the file has \d+/,
  ],
  [
    'a local header elsewhere',
    () => checkpoint(good, { tamper: (file, { central }) => void file.writeUInt32LE(3, central[0]! + 42) }),
    /data\.pkl: has no local header where the directory says/,
  ],
  [
    'a directory past the end',
    () => checkpoint(good, { tamper: (file, { end }) => void file.writeUInt32LE(1e9, end + 16) }),
    /its directory of 2 entries does not lie within the file/,
  ],
  [
    'more entries than the directory can hold',
    () => checkpoint(good, { tamper: (file, { end }) => void file.writeUInt16LE(60000, end + 10) }),
    /its directory of 60000 entries does not lie within the file/,
  ],
  [
    'an entry twice',
    () => zip({ 'a/data.pkl': good, 'a/data.pkk': good }, { tamper: (file, { central }) => rename(file, central[1]!) }),
    /the entry a\/data\.pkl appears twice/,
  ],
  ['no data.pkl', () => zip({ 'a/b': good }), /is a ZIP file, but not a PyTorch checkpoint: it has 0 data\.pkl/],
  ['two data.pkl', () => zip({ 'a/data.pkl': good, 'b/data.pkl': good }), /it has 2 data\.pkl, expected 1/],
  ['no storage', () => zip({ 'a/data.pkl': good }), /weight: its record data\/0 is missing/],
  ['TorchScript', () => zip({ 'a/data.pkl': good, 'a/constants.pkl': good }), /is a TorchScript program, not weights/],
];

function lengthen(file: Buffer, central: number, local: number, sizeBytes = file.readUInt32LE(central + 24) + 1): void {
  for (const place of [central + 20, central + 24, local + 18, local + 22]) file.writeUInt32LE(sizeBytes, place);
}

function rename(file: Buffer, central: number): void {
  file.write('a/data.pkl', central + 46);
}

describe('hostile ZIP files', () => {
  it.each(HOSTILE_ZIPS)('%s', async (_, bytes, error) => {
    await expect(open(bytes())).rejects.toThrow(error);
    await expect(open(bytes())).rejects.toThrow(WeightsError);
  });

  it.each(['views.pth', 'sequential.pth', 'training.pth'])('%s, cut at every sixteenth', async name => {
    const whole = readFileSync(fixturePath(name));
    for (let sixteenth = 0; sixteenth < 16; sixteenth++) {
      await expect(open(whole.subarray(0, (whole.length * sixteenth) >> 4))).rejects.toThrow(WeightsError);
    }
  });

  it('a file with any byte changed is read or refused, never anything else', { timeout: 15_000 }, async () => {
    const whole = readFileSync(fixturePath('views.pth'));
    for (let at = 0; at < whole.length; at += 3) {
      const changed = Uint8Array.from(whole);
      changed[at]! ^= 0x55;
      try {
        const file = await open(changed);
        for (const entry of file.tensors.values()) await entry.read();
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }
  });
});
