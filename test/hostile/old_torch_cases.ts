/** Inconsistent checkpoints in PyTorch's formats before 1.6 and of 2017. */
import { concat, long, pickle, unicode } from '../weights/build.ts';
import type { HostileCase } from './case.ts';
import { legacyFile, tarFile } from './old_torch.ts';
import { fileCase, readAll, sparse, zeros } from './weight_case.ts';

export const OLD_TORCH: readonly HostileCase[] = [
  fileCase(
    'legacy: a storage of 2^62 elements',
    () => legacyFile({ count: 2n ** 62n }),
    /is damaged \(it has \d+ elements\)/,
  ),
  fileCase('legacy: a storage of -1 elements', () => legacyFile({ count: -1n }), /is damaged \(it has -1 elements\)/),
  fileCase(
    'legacy: a storage larger than the file',
    () => legacyFile({ count: 1000n }),
    /ends early \(\d+ bytes of [\d.]+ kB\)\. Download or copy it again/,
  ),
  fileCase(
    'legacy: a storage of the wrong size',
    () => legacyFile({ count: 3n }),
    /is damaged \(its storage 0 has 12 bytes, expected 16 bytes\)/,
  ),
  fileCase(
    'legacy: an unused storage',
    () => legacyFile({ keys: ['0', 'x'] }),
    /storage x: has no type, because no tensor uses it/,
  ),
  fileCase(
    'legacy: a storage twice',
    () => legacyFile({ keys: ['0', '0'] }),
    /has two storages named "0"|no tensor uses/,
  ),
  fileCase('legacy: a missing storage', () => legacyFile({ keys: [] }), /has no storage 0/),
  fileCase(
    'legacy: a part past its storage',
    () => legacyFile({ part: [1n, 4n] }),
    /is damaged \(a view reaches past storage 0\)/,
  ),
  fileCase(
    'legacy: a part at -1',
    () => legacyFile({ part: [-1n, 2n] }),
    /is damaged \(a view reaches past storage 0\)/,
  ),
  fileCase(
    'legacy: a module with its code',
    () => legacyFile({ object: pickle('(', unicode('module'), 'NNNtQ') }),
    /is damaged \(a persistent id does not name a storage\)/,
  ),
  fileCase(
    'legacy: os.system',
    () => legacyFile({ object: pickle('cos\nsystem\n', unicode('true'), [0x85], 'R') }),
    /storage 0: has no type, because no tensor uses it/,
  ),
  fileCase(
    'legacy: protocol 1000',
    () => legacyFile({ protocol: 1000n }),
    /has protocol 1000, but only 1001 can be read/,
  ),
  fileCase('legacy: nothing after the magic number', () => legacyFile({}).subarray(0, 16), /ends early|empty stack/),
  fileCase('tar: no members', () => tarFile({}), /is not a PyTorch checkpoint|has no member "storages"/),
  fileCase(
    'tar: no pickle',
    () => tarFile({ storages: pickle('K', [0]), tensors: pickle('K', [0]) }),
    /it has no member "pickle"/,
  ),
  fileCase(
    'tar: a header with the wrong checksum',
    () => tarFile({ storages: zeros(3) }, file => void file.write('A')),
    /the header at byte 0 has the wrong checksum/,
  ),
  fileCase(
    'tar: a member of 8 GB',
    () => tarFile({ storages: zeros(3) }, undefined, 8 * 2 ** 30 - 1),
    /ends early \([\d.]+ kB of 8\.6 GB\)/,
  ),
  fileCase(
    'tar: two members of one name',
    () => concat(tarFile({ storages: zeros(0) }).subarray(0, 512), tarFile({ storages: zeros(0) })),
    /has two members named "storages"/,
  ),
  fileCase(
    'tar: 2,000 members',
    () => tarFile(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`pickle${i}`, zeros(0)]))),
    /has more than 1000 members|is not a PyTorch checkpoint/,
  ),
  fileCase(
    'tar: a storage count of 2^40',
    () => tarFile({ storages: pickle(long(2n ** 40n)), tensors: pickle('K', [0]), pickle: pickle('}') }),
    /the number of records must be an integer from 0 to 10000, got 1099511627776/,
  ),
  fileCase(
    'tar: a tensor of 2^31 dimensions',
    () =>
      tarFile({
        storages: concat(pickle('K', [0]), pickle(']')),
        tensors: concat(pickle('K', [1]), pickle(unicode('t'), unicode('s'), 'N', [0x87]), [0, 0, 0, 0x80, 0, 0, 0, 0]),
        pickle: pickle('}'),
      }),
    /is damaged \(a tensor has -2147483648 dimensions\)/,
  ),
  fileCase(
    'tar: os.system in storages',
    () => tarFile({ storages: pickle('cos\nsystem\n'), tensors: zeros(0), pickle: zeros(0) }),
    /the number of records must be an integer from 0 to 10000, got an object/,
  ),
  fileCase(
    'tar: an unknown persistent id',
    () =>
      tarFile({
        storages: concat(pickle('K', [0]), pickle(']')),
        tensors: pickle('K', [0]),
        pickle: pickle(unicode('9'), 'Q'),
      }),
    /a persistent id names neither a storage nor a tensor/,
  ),
  {
    kind: 'weights',
    name: 'legacy: a view that uses 2 elements of 400 MB',
    make: folder =>
      sparse(folder, {
        start: legacyFile({ count: 100_000_000n, numel: 100_000_000n, shape: [2n], stride: [99_999_999n] }),
        sizeBytes: 400_002_000,
      }),
    use: readAll,
    expected: /uses only 2 of 100000000 elements/,
  },
];
