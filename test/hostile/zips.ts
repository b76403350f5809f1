/** Inconsistent ZIP files. */
import { checkpoint, tensorPickle, zip } from '../weights/build.ts';

const good = tensorPickle();

export const HOSTILE_ZIPS: readonly [name: string, bytes: () => Uint8Array, error: RegExp][] = [
  [
    'entries that do not inflate',
    () => checkpoint(good, { method: 8 }),
    /data\.pkl: is damaged \(it does not inflate to its \d+ bytes\)/,
  ],
  [
    'entries with an unknown compression method',
    () => checkpoint(good, { method: 12 }),
    /data\.pkl: unknown compression method 12\. Known: 0 \(stored\), 8 \(deflated\)/,
  ],
  [
    'encrypted entries',
    () => checkpoint(good, { tamper: (file, { central }) => void file.writeUInt16LE(1, central[0]! + 8) }),
    /data\.pkl: is encrypted/,
  ],
  [
    'sizes that disagree',
    () => checkpoint(good, { tamper: (file, { local }) => void file.writeUInt32LE(8, local[1]! + 22) }),
    /data\/0: is damaged \(16 bytes in the directory but 8 in its own header\)/,
  ],
  [
    'entries that overlap',
    () => checkpoint(good, { tamper: (file, { central, local }) => lengthen(file, central[0]!, local[0]!) }),
    /data\.pkl: is damaged \(it overlaps archive\/data\/0\)/,
  ],
  [
    'an entry past the end',
    () => checkpoint(good, { tamper: (file, { central, local }) => lengthen(file, central[1]!, local[1]!, 1e9) }),
    /data\/0: ends early \(\d+ bytes of 1\.0 GB\)/,
  ],
  [
    'a local header at the wrong place',
    () => checkpoint(good, { tamper: (file, { central }) => void file.writeUInt32LE(3, central[0]! + 42) }),
    /data\.pkl: is damaged \(no local header where the directory points\)/,
  ],
  [
    'a directory past the end',
    () => checkpoint(good, { tamper: (file, { end }) => void file.writeUInt32LE(1e9, end + 16) }),
    /its directory of 2 entries does not fit into the file/,
  ],
  [
    'more entries than fit into the directory',
    () => checkpoint(good, { tamper: (file, { end }) => void file.writeUInt16LE(60000, end + 10) }),
    /its directory of 60000 entries does not fit into the file/,
  ],
  [
    'two entries of one name',
    () => zip({ 'a/data.pkl': good, 'a/data.pkk': good }, { tamper: (file, { central }) => rename(file, central[1]!) }),
    /has two entries named "a\/data\.pkl"/,
  ],
  ['no data.pkl', () => zip({ 'a/b': good }), /is a ZIP file, not a PyTorch checkpoint \(it has 0 data\.pkl/],
  ['two data.pkl', () => zip({ 'a/data.pkl': good, 'b/data.pkl': good }), /it has 2 data\.pkl, expected 1/],
  ['no storage', () => zip({ 'a/data.pkl': good }), /weight: has no record data\/0/],
  [
    'TorchScript without its storages',
    () => zip({ 'a/data.pkl': good, 'a/constants.pkl': good }),
    /weight: has no record data\/0/,
  ],
];

function lengthen(file: Buffer, central: number, local: number, sizeBytes = file.readUInt32LE(central + 24) + 1): void {
  for (const place of [central + 20, central + 24, local + 18, local + 22]) file.writeUInt32LE(sizeBytes, place);
}

function rename(file: Buffer, central: number): void {
  file.write('a/data.pkl', central + 46);
}
