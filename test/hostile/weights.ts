import { copyFileSync, statSync, truncateSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import {
  checkpoint,
  concat,
  fixturePath,
  pickle,
  safetensors,
  tensorPickle,
  uint32,
  unicode,
  zip,
} from '../weights/build.ts';
import type { HostileCase } from './case.ts';
import { OLD_TORCH } from './old_torch_cases.ts';
import { HOSTILE_PICKLES } from './pickles.ts';
import { HOSTILE_SAFETENSORS } from './safetensors.ts';
import { TFJS } from './tfjs.ts';
import { fileCase, readAll, sparse, zeros } from './weight_case.ts';
import { HOSTILE_ZIPS } from './zips.ts';

function many(count: number, part: (index: number) => Uint8Array): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, (_, i) => part(i)));
}

function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

/** A ZIP file whose entry inflates to `actualBytes`, while its headers give `promisedBytes`. */
function deflatedBomb(promisedBytes: number, actualBytes: number): Uint8Array {
  const packed = deflateRawSync(zeros(actualBytes), { level: 9 });
  return zip(
    { 'archive/data.pkl': packed, 'archive/data/0': zeros(16) },
    {
      method: 0,
      tamper(file, { local, central }) {
        file.writeUInt16LE(8, local[0]! + 8);
        file.writeUInt16LE(8, central[0]! + 10);
        file.writeUInt32LE(promisedBytes, local[0]! + 22);
        file.writeUInt32LE(promisedBytes, central[0]! + 24);
      },
    },
  );
}

/** A ZIP file with many empty entries. */
function manyEntries(count: number): Uint8Array {
  return zip(Object.fromEntries(Array.from({ length: count }, (_, i) => [`archive/${i}`, zeros(0)])));
}

/** A case with the first half of one of PyTorch's files. */
function halfCase(name: string): HostileCase {
  return {
    kind: 'weights',
    name: `the first half of ${name}`,
    make(folder) {
      const path = `${folder}/${name}`;
      copyFileSync(fixturePath(`formats/${name}`), path);
      truncateSync(path, statSync(path).size >> 1);
      return path;
    },
    use: readAll,
    expected: /^(torch|zip|tar): /,
  };
}

export const WEIGHTS: readonly HostileCase[] = [
  ...HOSTILE_PICKLES.map(([name, bytes, error]) => fileCase(`pickle: ${name}`, () => checkpoint(bytes()), error)),
  ...HOSTILE_ZIPS.map(([name, bytes, error]) => fileCase(`ZIP: ${name}`, bytes, error)),
  ...HOSTILE_SAFETENSORS.map(([name, bytes, error]) =>
    fileCase(`safetensors: ${name}`, bytes, typeof error === 'string' ? literally(error.split('file')[1]!) : error),
  ),
  fileCase(
    'ZIP: data.pkl that inflates a thousandfold',
    () => deflatedBomb(2_000_000, 2_000_000),
    /more than|ends early|which no weights need|empty stack/,
  ),
  fileCase(
    'ZIP: data.pkl that inflates to 1 GB',
    () => deflatedBomb(1_000_000_000, 100_000_000),
    /data\.pkl: is too large \(1\.0 GB; the limit is 16 MB\)/,
  ),
  fileCase(
    'ZIP: data.pkl that inflates to more than its header gives',
    () => deflatedBomb(1000, 100_000_000),
    /is damaged \(it does not inflate to its 1000 bytes\)/,
  ),
  fileCase('ZIP: 60,000 entries', () => manyEntries(60_000), /has too many entries \(60000; the limit is 10000\)/),
  fileCase('ZIP: 10,000 entries', () => manyEntries(10_000), /not a PyTorch checkpoint \(it has 0 data\.pkl/),
  fileCase(
    'pickle: 700,000 list items',
    () => checkpoint(pickle(']', 'Na'.repeat(700_000))),
    /has no state dict, but not a dict/,
  ),
  fileCase(
    'pickle: 420,000 dict items',
    () =>
      checkpoint(
        pickle(
          '}',
          many(420_000, i => concat('J', uint32(i), 'Ns')),
        ),
      ),
    /no state dict/,
  ),
  fileCase(
    'pickle: 490,000 memo entries',
    () =>
      checkpoint(
        pickle(
          'N',
          many(490_000, i => concat('r', uint32(i))),
        ),
      ),
    /no state dict/,
  ),
  fileCase(
    'pickle: 200,000 strings',
    () =>
      checkpoint(
        pickle(
          '(',
          many(200_000, () => unicode('x')),
          't',
        ),
      ),
    /no state dict/,
  ),
  fileCase('pickle: 8,000 tensors of one storage', () => checkpoint(manyTensors(8000)), {
    value: Array.from({ length: 8000 }, (_, i) => `t${i}`),
  }),
  fileCase('pickle: a string of 2.7 MB', () => checkpoint(pickle(unicode('x'.repeat(2_700_000)))), /no state dict/),
  fileCase(
    'pickle: larger than the limit',
    () => checkpoint(concat(pickle(unicode('x'.repeat(17_000_000))))),
    /is too large \(17 MB; the limit is 16 MB\)/,
  ),
  fileCase(
    'pickle: a number of 255 bytes',
    () => checkpoint(pickle([0x8a, 255], new Uint8Array(255).fill(0x7f))),
    /no state dict/,
  ),
  fileCase('safetensors: a key of 1.4 MB', () => safetensors(`{"${'k'.repeat(1_400_000)}":{}}`), /unknown dtype/),
  fileCase('safetensors: 1.4 MB of escapes', () => safetensors(`{"${'\\n'.repeat(700_000)}":{}}`), /unknown dtype/),
  fileCase(
    'safetensors: 40,000 tensors',
    () =>
      safetensors(
        `{${Array.from({ length: 40_000 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`)}}`,
      ),
    /header: is too large \([\d.]+ MB; the limit is 1\.5 MB\)/,
  ),
  fileCase(
    'safetensors: 140,000 empty lists',
    () => safetensors(`{"w":[${'[],'.repeat(139_990)}0]}`),
    /must be an object with dtype, shape and data_offsets/,
  ),
  fileCase(
    'safetensors: 300,000 lists',
    () => safetensors(`{"w":[${'[],'.repeat(300_000)}0]}`),
    /has more than 150000 lists and objects/,
  ),
  fileCase(
    'safetensors: 140,000 keys',
    () => safetensors(`{"w":{${Array.from({ length: 140_000 }, (_, i) => `"${i.toString(36)}x":1`)}}}`),
    /unknown dtype/,
  ),
  fileCase(
    'safetensors: 700,000 numbers',
    () => safetensors(`{"w":{"dtype":"F32","shape":[${'1,'.repeat(700_000)}1]}}`),
    /is not a valid shape/,
  ),
  fileCase(
    'safetensors: a shape of 100,000 sizes',
    () => safetensors(`{"w":{"dtype":"F32","shape":[${'1,'.repeat(99_999)}1],"data_offsets":[0,4]}}`, zeros(4)),
    /is not a valid shape/,
  ),
  {
    kind: 'weights',
    name: 'safetensors: a header of 90 MB',
    make: folder => sparse(folder, { start: concat([0, 0x4a, 0x5d, 5, 0, 0, 0, 0], '{'), sizeBytes: 90_000_100 }),
    use: readAll,
    expected: /header: is too large \([\d.]+ MB; the limit is 1\.5 MB\)/,
  },
  {
    kind: 'weights',
    name: '8 GB of zeros',
    make: folder => sparse(folder, { start: zeros(0), sizeBytes: 8 * 2 ** 30 }),
    use: readAll,
    expected: /is not a PyTorch checkpoint/,
  },
  {
    kind: 'weights',
    name: 'a folder',
    make: folder => folder,
    use: readAll,
    expected: /is a folder\. Name a file in it/,
  },
  {
    kind: 'weights',
    name: 'no such file',
    make: folder => `${folder}/none.pth`,
    use: readAll,
    expected: /does not exist/,
  },
  {
    kind: 'weights',
    name: '/dev/zero',
    make: () => '/dev/zero',
    use: readAll,
    expected: /is a pipe, a socket or a device/,
  },
  {
    kind: 'weights',
    name: 'a name of 300 letters',
    make: folder => `${folder}/${'x'.repeat(300)}`,
    use: readAll,
    expected: /name is too long/,
  },
  ...['every.pth', 'every_deflated.pth', 'every_legacy.pth', 'every_tar.pth'].map(halfCase),
  fileCase('nothing', () => zeros(0), /is empty/),
  fileCase('one byte', () => 'P', /is not a PyTorch checkpoint/),
  fileCase('a JPEG named .pth', () => concat([0xff, 0xd8, 0xff, 0xe0], zeros(100)), /is not a PyTorch checkpoint/),
  fileCase('an HDF5 file', () => concat([0x89], 'HDF\r\n', [0x1a, 0x0a], zeros(100)), /is an HDF5 file \(Keras \.h5\)/),
  fileCase('an error page', () => '\n<!doctype html><title>502</title>', /is a web page/),
  fileCase('a Git LFS pointer', () => 'version https://git-lfs.github.com/spec/v1\n', /is a Git LFS pointer/),
  {
    kind: 'weights',
    name: 'a TorchScript program',
    make: () => fixturePath('torchscript.pt'),
    use: readAll,
    expected: { value: ['weight', 'bias'] },
  },
  ...OLD_TORCH,
  ...TFJS,
];

/** A dict of many tensors, each a view of the one storage. */
function manyTensors(count: number): Uint8Array {
  const one = Buffer.from(tensorPickle());
  const body = one.subarray(one.indexOf('(') + 1, -2);
  const at = body.indexOf(unicode('weight'));
  const items = Array.from({ length: count }, (_, i) =>
    concat(unicode(`t${i}`), body.subarray(at + unicode('weight').length)),
  );
  return pickle('}(', concat(...items), 'u');
}
