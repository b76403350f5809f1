/** Safetensors files that lie about themselves. */
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
    /header of 100000001 bytes is promised/,
  ],
  [
    'a header longer than the file',
    () => safetensors('{}', f32(), 1_000_000n),
    'safetensors: file: the header promises 1.0 MB, the file has 10 bytes: it is cut short. Download or copy it again',
  ],
  [
    'fewer values than promised',
    () => safetensors({ w: tensor(0, 4_000_000) }, f32(1)),
    /the header promises 4\.0 MB, the file has \d+ bytes: it is cut short/,
  ],
  [
    'bytes after the last tensor',
    () => safetensors({ w: tensor(0, 4) }, f32(1, 2)),
    /4 bytes follow the last tensor, expected none/,
  ],
  [
    'a hole',
    () => safetensors({ a: tensor(0, 4), b: tensor(8, 12) }, f32(1, 2, 3)),
    /b: begins at byte 8, expected 4: it leaves a hole/,
  ],
  ['a hole at the start', () => safetensors({ a: tensor(4, 8) }, f32(1, 2)), /a: begins at byte 4, expected 0/],
  [
    'an overlap',
    () => safetensors({ a: tensor(0, 8), b: tensor(4, 12) }, f32(1, 2, 3)),
    /b: begins at byte 4, expected 8: it overlaps/,
  ],
  [
    'a key twice',
    () =>
      safetensors(
        '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        f32(1),
      ),
    'safetensors: file, header: the key "w" appears twice in one object',
  ],
  [
    'a key twice, escaped',
    () => safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0077":{}}', f32(1)),
    /the key "w" appears twice/,
  ],
  [
    'an inner key twice',
    () => safetensors('{"w":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', f32(1)),
    /"dtype" appears twice/,
  ],
  [
    'an unsafe size',
    () => safetensors('{"w":{"dtype":"F32","shape":[2,18446744073709551614],"data_offsets":[0,4]}}', f32(1)),
    /is not a shape/,
  ],
  [
    'a size that overflows with others',
    () => safetensors({ w: tensor(0, 4, [0, 2 ** 40, 2 ** 40]) }, f32(1)),
    /is not a shape/,
  ],
  [
    'an unsafe offset',
    () => safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}', f32(1)),
    /are not two byte positions/,
  ],
  ['an offset before the start', () => safetensors({ w: tensor(-4, 0) }, f32(1)), /are not two byte positions/],
  [
    'an end before its beginning',
    () => safetensors({ w: tensor(4, 0, [1]) }, f32(1)),
    /F32 \[1\] takes 4 bytes, data_offsets give it -4/,
  ],
  ['a negative size', () => safetensors({ w: tensor(0, 4, [-1]) }, f32(1)), /is not a shape/],
  ['a broken size', () => safetensors({ w: tensor(0, 4, [0.5]) }, f32(1)), /is not a shape/],
  ['a shape that is no list', () => safetensors({ w: tensor(0, 4, '1') }, f32(1)), /is not a shape/],
  ['an unknown dtype', () => safetensors({ w: tensor(0, 4, [1], 'toString') }, f32(1)), /w: unknown dtype "toString"/],
  ['half a byte', () => safetensors({ w: tensor(0, 1, [1], 'F4') }, f32(1)), /F4 \[1\] does not fill whole bytes/],
  [
    'another size',
    () => safetensors({ w: tensor(0, 4, [2]) }, f32(1)),
    /F32 \[2\] takes 8 bytes, data_offsets give it 4/,
  ],
  ['metadata that is no text', () => safetensors({ __metadata__: { a: 1 } }), /__metadata__: "a" is not a text/],
  ['a header that is no object', () => safetensors('{"a"}'), /the text is not JSON/],
  ['a tensor that is no object', () => safetensors({ w: 3 }), /w: expected dtype, shape and data_offsets/],
  [
    'a header that is not UTF-8',
    () => concat([4, 0, 0, 0, 0, 0, 0, 0], '{', [0xff, 0xfe], '}'),
    /the text is not UTF-8/,
  ],
  [
    '700,000 brackets',
    () => safetensors(`{"w":${'['.repeat(7e5)}${']'.repeat(7e5)}}`),
    /the text nests more than 100 deep/,
  ],
];
