/** ZIP files that lie about themselves. */
import { checkpoint, tensorPickle, zip } from '../weights/build.ts';

const good = tensorPickle();

export const HOSTILE_ZIPS: readonly [name: string, bytes: () => Uint8Array, error: RegExp][] = [
  [
    'entries that do not inflate',
    () => checkpoint(good, { method: 8 }),
    /data\.pkl: does not unpack to the \d+ bytes it should have/,
  ],
  [
    'entries compressed in another way',
    () => checkpoint(good, { method: 12 }),
    /data\.pkl: is compressed by method 12, expected 0 or 8/,
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
