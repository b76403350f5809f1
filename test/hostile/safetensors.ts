/** Inconsistent safetensors files. */
import { bytesOf } from '../../src/weights/dtypes.ts';
import { concat, safetensors } from '../weights/build.ts';

function f32(...values: number[]): Uint8Array {
  return bytesOf(new Float32Array(values));
}

const tensor = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

export const HOSTILE_SAFETENSORS: readonly [name: string, file: () => Uint8Array, error: string | RegExp][] = [
  [
    'a header longer than the format allows',
    () => safetensors('{}', f32(), 100_000_001n),
    /header: is too large \(100 MB; the limit is 1\.5 MB\)/,
  ],
  [
    'a header longer than the file',
    () => safetensors('{}', f32(), 1_000_000n),
    'safetensors: file: ends early (10 bytes of 1.0 MB). Download or copy it again',
  ],
  [
    'fewer values than the header lists',
    () => safetensors({ w: tensor(0, 4_000_000) }, f32(1)),
    /ends early \(\d+ bytes of 4\.0 MB\)/,
  ],
  [
    'bytes after the last tensor',
    () => safetensors({ w: tensor(0, 4) }, f32(1, 2)),
    /has 4 bytes after the last tensor/,
  ],
  [
    'a gap',
    () => safetensors({ a: tensor(0, 4), b: tensor(8, 12) }, f32(1, 2, 3)),
    /b: starts at byte 8, expected 4 \(there is a gap before it\)/,
  ],
  ['a gap at the start', () => safetensors({ a: tensor(4, 8) }, f32(1, 2)), /a: starts at byte 4, expected 0/],
  [
    'an overlap',
    () => safetensors({ a: tensor(0, 8), b: tensor(4, 12) }, f32(1, 2, 3)),
    /b: starts at byte 4, expected 8 \(it overlaps the previous tensor\)/,
  ],
  [
    'a repeated key',
    () =>
      safetensors(
        '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        f32(1),
      ),
    'safetensors: file, header: has two keys named "w" in one object',
  ],
  [
    'a repeated key, escaped',
    () => safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0077":{}}', f32(1)),
    /has two keys named "w"/,
  ],
  [
    'a repeated inner key',
    () => safetensors('{"w":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', f32(1)),
    /has two keys named "dtype"/,
  ],
  [
    'an unsafe size',
    () => safetensors('{"w":{"dtype":"F32","shape":[2,18446744073709551614],"data_offsets":[0,4]}}', f32(1)),
    /is not a valid shape/,
  ],
  [
    'sizes whose product overflows',
    () => safetensors({ w: tensor(0, 4, [0, 2 ** 40, 2 ** 40]) }, f32(1)),
    /is not a valid shape/,
  ],
  [
    'an unsafe offset',
    () => safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}', f32(1)),
    /data_offsets must be two byte positions, got \[0,18446744073709552000\]/,
  ],
  [
    'an offset before the start',
    () => safetensors({ w: tensor(-4, 0) }, f32(1)),
    /data_offsets must be two byte positions/,
  ],
  [
    'an end before its start',
    () => safetensors({ w: tensor(4, 0, [1]) }, f32(1)),
    /F32 \[1\] needs 4 bytes but data_offsets span -4/,
  ],
  ['a negative size', () => safetensors({ w: tensor(0, 4, [-1]) }, f32(1)), /is not a valid shape/],
  ['a fractional size', () => safetensors({ w: tensor(0, 4, [0.5]) }, f32(1)), /is not a valid shape/],
  ['a shape that is not a list', () => safetensors({ w: tensor(0, 4, '1') }, f32(1)), /is not a valid shape/],
  ['an unknown dtype', () => safetensors({ w: tensor(0, 4, [1], 'toString') }, f32(1)), /w: unknown dtype "toString"/],
  ['half a byte', () => safetensors({ w: tensor(0, 1, [1], 'F4') }, f32(1)), /F4 \[1\] does not fill whole bytes/],
  [
    'a shape that does not match its bytes',
    () => safetensors({ w: tensor(0, 4, [2]) }, f32(1)),
    /F32 \[2\] needs 8 bytes but data_offsets span 4/,
  ],
  [
    'metadata that is not a string',
    () => safetensors({ __metadata__: { a: 1 } }),
    /__metadata__: "a" must be a string/,
  ],
  ['a header that is not JSON', () => safetensors('{"a"}'), /header: is not JSON/],
  [
    'a tensor that is not an object',
    () => safetensors({ w: 3 }),
    /w: must be an object with dtype, shape and data_offsets/,
  ],
  [
    'a header that is not UTF-8',
    () => concat([4, 0, 0, 0, 0, 0, 0, 0], '{', [0xff, 0xfe], '}'),
    /header: is not UTF-8/,
  ],
  [
    '700,000 brackets',
    () => safetensors(`{"w":${'['.repeat(7e5)}${']'.repeat(7e5)}}`),
    /header: is nested more than 100 levels deep/,
  ],
];
