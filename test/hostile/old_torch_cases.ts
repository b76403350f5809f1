/** Checkpoints of PyTorch before 1.6, and of 2017, that lie about themselves. */
import { concat, long, pickle, unicode } from '../weights/build.ts';
import type { HostileCase } from './case.ts';
import { legacyFile, tarFile } from './old_torch.ts';
import { fileCase, readAll, sparse, zeros } from './weight_case.ts';

export const OLD_TORCH: readonly HostileCase[] = [
  fileCase('legacy: a storage of 2^62 elements', () => legacyFile({ count: 2n ** 62n }), /would have \d+ elements/),
  fileCase('legacy: a storage of -1 elements', () => legacyFile({ count: -1n }), /would have -1 elements/),
  fileCase(
    'legacy: a storage larger than the file',
    () => legacyFile({ count: 1000n }),
    /ends at byte \d+, the file has \d+: it is cut short/,
  ),
  fileCase(
    'legacy: a storage of another size',
    () => legacyFile({ count: 3n }),
    /should have 16 bytes, it has 12 bytes/,
  ),
  fileCase(
    'legacy: a storage that nothing uses',
    () => legacyFile({ keys: ['0', 'x'] }),
    /storage x: no tensor uses it/,
  ),
  fileCase('legacy: a storage twice', () => legacyFile({ keys: ['0', '0'] }), /is listed twice|no tensor uses/),
  fileCase('legacy: a storage that is missing', () => legacyFile({ keys: [] }), /its storage 0 is missing/),
  fileCase('legacy: a part past its storage', () => legacyFile({ part: [1n, 4n] }), /does not lie within it/),
  fileCase('legacy: a part at -1', () => legacyFile({ part: [-1n, 2n] }), /does not lie within it/),
  fileCase(
    'legacy: a module with its code',
    () => legacyFile({ object: pickle('(', unicode('module'), 'NNNtQ') }),
    /holds a whole model with its Python code/,
  ),
  fileCase(
    'legacy: os.system',
    () => legacyFile({ object: pickle('cos\nsystem\n', unicode('true'), [0x85], 'R') }),
    /asks Python for "os\.system"/,
  ),
  fileCase('legacy: protocol 1000', () => legacyFile({ protocol: 1000n }), /is of protocol 1000, expected 1001/),
  fileCase('legacy: nothing behind the magic number', () => legacyFile({}).subarray(0, 16), /breaks off|empty stack/),
  fileCase('tar: no members', () => tarFile({}), /neither a PyTorch checkpoint|has no member storages/),
  fileCase(
    'tar: no pickle',
    () => tarFile({ storages: pickle('K', [0]), tensors: pickle('K', [0]) }),
    /it has no member pickle/,
  ),
  fileCase(
    'tar: a header whose sum is wrong',
    () => tarFile({ storages: zeros(3) }, file => void file.write('A')),
    /its header at byte 0 is not whole/,
  ),
  fileCase(
    'tar: a member of 8 GB',
    () => tarFile({ storages: zeros(3) }, undefined, 8 * 2 ** 30 - 1),
    /ends at byte 8\d+, the file has/,
  ),
  fileCase(
    'tar: a member twice',
    () => concat(tarFile({ storages: zeros(0) }).subarray(0, 512), tarFile({ storages: zeros(0) })),
    /appears twice/,
  ),
  fileCase(
    'tar: 2,000 members',
    () => tarFile(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`pickle${i}`, zeros(0)]))),
    /more than 1000 members|neither/,
  ),
  fileCase(
    'tar: a storage count of 2^40',
    () => tarFile({ storages: pickle(long(2n ** 40n)), tensors: pickle('K', [0]), pickle: pickle('}') }),
    /has 1099511627776 records, at most 10000/,
  ),
  fileCase(
    'tar: a tensor of 2^31 dimensions',
    () =>
      tarFile({
        storages: concat(pickle('K', [0]), pickle(']')),
        tensors: concat(pickle('K', [1]), pickle(unicode('t'), unicode('s'), 'N', [0x87]), [0, 0, 0, 0x80, 0, 0, 0, 0]),
        pickle: pickle('}'),
      }),
    /has -2147483648 dimensions/,
  ),
  fileCase(
    'tar: os.system in storages',
    () => tarFile({ storages: pickle('cos\nsystem\n'), tensors: zeros(0), pickle: zeros(0) }),
    /asks Python for "os\.system"/,
  ),
  fileCase(
    'tar: an id that names nothing',
    () =>
      tarFile({
        storages: concat(pickle('K', [0]), pickle(']')),
        tensors: pickle('K', [0]),
        pickle: pickle(unicode('9'), 'Q'),
      }),
    /neither a storage nor a tensor/,
  ),
  {
    kind: 'weights',
    name: 'legacy: a view that picks 2 elements out of 400 MB',
    make: folder =>
      sparse(folder, {
        start: legacyFile({ count: 100_000_000n, numel: 100_000_000n, shape: [2n], stride: [99_999_999n] }),
        sizeBytes: 400_002_000,
      }),
    use: readAll,
    expected: /picks 2 elements out of 100000000/,
  },
];
