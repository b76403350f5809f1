import { describe, expect, it } from 'vitest';
import { toFloat32 } from '../../src/weights/dtypes.ts';
import { decodeNpy, encodeNpy } from '../../src/weights/npy.ts';
import { concat } from './build.ts';

describe('.npy files', () => {
  it.each([[[]], [[6]], [[2, 3]], [[1, 2, 3, 1]], [[0, 2]]])('reads back an array of shape %j', shape => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i - 0.5);
    const file = encodeNpy({ shape, values });
    expect(decodeNpy(file)).toEqual({ shape, values });
    expect((file.length - values.byteLength) % 64).toBe(0);
  });

  it('writes the same header as numpy.save', () => {
    const file = encodeNpy({ shape: [3], values: new Float32Array(3) });
    const header = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }".padEnd(127);
    expect(Buffer.from(file.subarray(0, 128)).toString('latin1')).toBe(`${header}\n`);
  });

  it.each([
    ["{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }", [0, 0x3c, 0, 0xc0], [1, -2]],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], [1.5]],
  ] as const)('converts %s', (header, data, values) => {
    expect([...decodeNpy(npy(header, data)).values]).toEqual(values);
  });

  it.each([
    ['another file', concat('hello, numpy'), /is not a \.npy file/],
    [
      'another dtype',
      npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", []),
      /unknown dtype "<i8"\. Known: <f4, <f2, <f8/,
    ],
    [
      'Fortran order',
      npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", []),
      /is in Fortran order, not in C order/,
    ],
    [
      'a missing value',
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", [0, 0, 0, 0]),
      /\[2\] needs 8 bytes of values, got 4/,
    ],
    [
      'a header longer than the file',
      concat([0x93], 'NUMPY', [1, 0, 255, 255], '{}'),
      /ends early \(12 bytes of 66 kB\)/,
    ],
  ])('rejects %s', (_, file, error) => {
    expect(() => decodeNpy(file)).toThrow(error);
  });
});

function npy(header: string, data: readonly number[]): Uint8Array {
  return concat([0x93], 'NUMPY', [1, 0, header.length, 0], header, data);
}

describe('big-endian values', () => {
  it.each([
    ['F32', [0x3f, 0x80, 0, 0], 1],
    ['F16', [0x3c, 0], 1],
    ['I16', [0xff, 0xfe], -2],
    ['F64', [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ['I64', [0, 0, 0, 0, 0, 0, 1, 0], 256],
    ['U8', [7], 7],
  ] as const)('%s', (dtype, bytes, value) => {
    expect([...toFloat32(concat(bytes), dtype, { bigEndian: true })]).toEqual([value]);
  });
});
