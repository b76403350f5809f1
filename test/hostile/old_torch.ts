/** Builds files in PyTorch's formats before 1.6 by hand, so that a case can make them wrong. */
import { concat, long, pickle, unicode } from '../weights/build.ts';

const MAGIC = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

export interface LegacyFile {
  readonly protocol?: bigint;
  /** The fourth pickle. */
  readonly object?: Uint8Array;
  /** Number of elements according to the tensor, and according to the storage itself. */
  readonly numel?: bigint;
  readonly count?: bigint;
  readonly shape?: readonly bigint[];
  readonly stride?: readonly bigint[];
  /** Offset and size of a part of the storage. */
  readonly part?: readonly [bigint, bigint];
  readonly keys?: readonly string[];
}

/** A dict with one float32 tensor on a storage of four elements, in five pickles. */
export function legacyFile(file: LegacyFile = {}): Uint8Array {
  const { protocol = 1001n, numel = 4n, count = 4n, shape = [4n], stride = [1n], part, keys = ['0'] } = file;
  const tuple = (values: readonly bigint[]) => concat('(', ...values.map(long), 't');
  const view = part === undefined ? 'N' : concat('(', unicode('view'), ...part.map(long), 't');
  const storage = concat(
    '(',
    unicode('storage'),
    'ctorch\nFloatStorage\n',
    unicode('0'),
    unicode('cpu'),
    long(numel),
    view,
    'tQ',
  );
  const tensor = concat('ctorch._utils\n_rebuild_tensor\n(', storage, long(0n), tuple(shape), tuple(stride), 'tR');
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(count);
  return concat(
    MAGIC,
    pickle(long(protocol)),
    pickle('}', unicode('little_endian'), [0x88], 's'),
    file.object ?? pickle('}', unicode('weight'), tensor, 's'),
    pickle('](', ...keys.map(unicode), 'e'),
    bytes,
    new Uint8Array(16),
  );
}

/** A tar with these members. `sizeBytes` overrides the size in their headers. */
export function tarFile(
  members: Readonly<Record<string, Uint8Array>>,
  tamper?: (file: Buffer) => void,
  sizeBytes?: number,
): Uint8Array {
  const parts = Object.entries(members).map(([name, data]) => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write((sizeBytes ?? data.length).toString(8).padStart(11, '0'), 124);
    header.write('0', 156);
    header.write('ustar\u000000', 257);
    header.fill(' ', 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return concat(header, data, new Uint8Array((512 - (data.length % 512)) % 512));
  });
  const file = Buffer.from(concat(...parts, new Uint8Array(1024)));
  tamper?.(file);
  return file;
}
