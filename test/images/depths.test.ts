import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/platform/node.ts';
import { messageOf } from '../platform/helpers.ts';
import { bytesOf, text, tiff } from './files.ts';

const [WIDTH, HEIGHT] = [16, 16];
/** Every grey value once, so that 255 is among them. */
const GREY = Uint8Array.from({ length: 256 }, (_, i) => (i * 91) % 256);
const IN_16_BITS = (bits: number) => Uint16Array.from(GREY, value => Math.round((value * (2 ** bits - 1)) / 255));
const repeat = (grey: ArrayLike<number>) => Array.from(grey).flatMap(value => [value, value, value]);

async function png16(values: Uint16Array, sBit?: number): Promise<Uint8Array> {
  const png = await sharp(values, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  if (sBit === undefined) return png;
  const chunk = Uint8Array.of(0, 0, 0, 1, 0x73, 0x42, 0x49, 0x54, sBit, 0, 0, 0, 0);
  new DataView(chunk.buffer).setUint32(9, crc(chunk.subarray(4, 9)));
  return Uint8Array.from([...png.subarray(0, 33), ...chunk, ...png.subarray(33)]);
}

function crc(bytes: Uint8Array): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

function tiffOf(values: ArrayBufferView, bits: number, format: 1 | 2 | 3, more: object = {}): Uint8Array {
  return tiff({ width: WIDTH, height: HEIGHT, data: bytesOf(values), bits, format, ...more });
}

function pgm(values: Uint16Array, maximum: number): Uint8Array {
  const data = Uint8Array.from([...values].flatMap(value => [value >> 8, value & 255]));
  return Uint8Array.from([...text(`P5\n${WIDTH} ${HEIGHT}\n${maximum}\n`), ...data]);
}

describe.each([
  [10, 'was read as 10 of 16 bits, because no sample needs more'],
  [12, 'was read as 12 of 16 bits, because no sample needs more'],
  [14, 'was read as 14 of 16 bits, because no sample needs more'],
  [16, undefined],
])('the same picture in %i bits', (bits, note) => {
  const values = IN_16_BITS(bits);
  it.each<[string, () => Promise<Uint8Array>]>([
    ['a 16-bit PNG', () => png16(values)],
    ['a 16-bit TIFF', async () => tiffOf(values, 16, 1)],
    [
      'a signed 16-bit TIFF',
      async () =>
        tiffOf(
          Int16Array.from(values, value => value),
          16,
          bits < 16 ? 2 : 1,
        ),
    ],
    [
      'a big-endian TIFF',
      async () =>
        tiffOf(
          Uint16Array.from(values, v => (v >> 8) | ((v & 255) << 8)),
          16,
          1,
          { bigEndian: true },
        ),
    ],
    [
      'a TIFF in which 0 is white',
      async () =>
        tiffOf(
          Uint16Array.from(values, v => 2 ** bits - 1 - v),
          16,
          1,
          { photometric: 0 },
        ),
    ],
  ])('has the pixels of 8 bits in %s', async (_, file) => {
    const { pixels, notes, description } = await decodeImage(await file(), 'x');
    expect([...pixels]).toEqual(repeat(GREY));
    expect(notes).toEqual(note === undefined ? undefined : [note]);
    expect([description?.bits, description?.bitsUsed]).toEqual([16, bits]);
  });

  it('has the pixels of 8 bits as 32-bit integers and as floats', async () => {
    const files = [
      tiffOf(Uint32Array.from(values), 32, 1),
      tiffOf(Int32Array.from(values), 32, 2),
      tiffOf(Float32Array.from(values), 32, 3),
      tiffOf(Float64Array.from(values), 64, 3),
    ];
    for (const file of files) {
      const { pixels, notes } = await decodeImage(file, 'x');
      expect([...pixels]).toEqual(repeat(GREY));
      expect(notes).toHaveLength(1);
    }
  });

  it('has the pixels of 8 bits in a PGM file that states its maximum', async () => {
    const { pixels, description } = await decodeImage(pgm(values, 2 ** bits - 1), 'x.pgm');
    expect([...pixels]).toEqual(repeat(GREY));
    expect(description?.bitsUsed).toBe(bits);
  });
});

describe('what a file states about its depth', () => {
  it('decides over the samples in a dark PNG with sBIT', async () => {
    const dark = Uint16Array.from(GREY, value => value);
    const { pixels, notes } = await decodeImage(await png16(dark, 12), 'x.png');
    expect([...pixels]).toEqual(repeat(Uint8Array.from(dark, value => value >> 4)));
    expect(notes).toContain('was read as 12 of 16 bits, as the file states');
  });

  it('is ignored where sBIT is contradicted by the samples', async () => {
    const { pixels, notes } = await decodeImage(await png16(IN_16_BITS(16), 12), 'x.png');
    expect([...pixels]).toEqual(repeat(GREY));
    expect(notes).toBeUndefined();
  });

  it('decides over the samples in a dark PGM', async () => {
    const dark = Uint16Array.from(GREY, value => value);
    const { pixels } = await decodeImage(pgm(dark, 4095), 'x.pgm');
    expect([...pixels]).toEqual(repeat(Uint8Array.from(dark, value => value >> 4)));
  });
});

describe('floating-point samples', () => {
  const floats = (scale: number, offset = 0) => Float32Array.from(GREY, value => (value / 255) * scale + offset);

  it('from 0 to 1 need no note', async () => {
    const { pixels, notes } = await decodeImage(tiffOf(floats(1), 32, 3), 'x.tif');
    expect([...pixels]).toEqual(repeat(GREY));
    expect(notes).toBeUndefined();
  });

  it('from 0 to 255 are read as such, with a note', async () => {
    const { pixels, notes } = await decodeImage(tiffOf(floats(255), 32, 3), 'x.tif');
    expect([...pixels]).toEqual(repeat(GREY));
    expect(notes).toEqual(['has floating-point samples, which were read as 0 to 255 because none is larger']);
  });

  it('that overshoot 0 and 1 a little are clamped', async () => {
    const values = floats(1);
    [values[0], values[1]] = [-0.01, 1.01];
    const { pixels } = await decodeImage(tiffOf(values, 32, 3), 'x.tif');
    expect([pixels[0], pixels[3]]).toEqual([0, 255]);
  });

  it.each([
    [
      'from -1 to 1',
      floats(2, -1),
      /^x\.tif: has floating-point samples from -1 to 1, and does not say which values are black and white\./,
    ],
    ['from -1024 to 1024', floats(2048, -1024), /^x\.tif: has floating-point samples from -1024 to 1024, and/],
    ['up to 1e9', floats(1e9), /^x\.tif: has floating-point samples from 0 to 1000000000, and/],
    ['with NaN', floats(1).fill(Number.NaN, 3, 4), /^x\.tif: has samples that are not finite\./],
    ['with infinity', floats(1).fill(Number.POSITIVE_INFINITY, 3, 4), /^x\.tif: has samples that are not finite\./],
  ])('%s are refused', async (_, values, expected) => {
    expect(await messageOf(decodeImage(tiffOf(values, 32, 3), 'x.tif'))).toMatch(expected);
  });
});

it('refuses negative integers, because the file does not say which value is black', async () => {
  const file = tiffOf(
    Int16Array.from(GREY, value => value - 100),
    16,
    2,
  );
  expect(await messageOf(decodeImage(file, 'x.tif'))).toBe(
    'x.tif: has negative samples (from -100 to 155), and does not say which value is black. Save it with values from 0 up',
  );
});

it('reads 12-bit samples that are packed into three bytes for two', async () => {
  const values = IN_16_BITS(12);
  const packed = new Uint8Array((values.length / 2) * 3);
  for (let i = 0; i < values.length; i += 2) {
    const [a, b] = [values[i]!, values[i + 1]!];
    packed.set([a >> 4, ((a & 15) << 4) | (b >> 8), b & 255], (i / 2) * 3);
  }
  const { pixels, notes, description } = await decodeImage(
    tiff({ width: WIDTH, height: HEIGHT, data: packed, bits: 12 }),
    'x.tif',
  );
  expect([...pixels]).toEqual(repeat(GREY));
  expect(notes).toBeUndefined();
  expect([description?.bits, description?.bitsUsed]).toEqual([12, 12]);
});

it('scales 12 bits in a 16-bit RGB PNG', async () => {
  const values = Uint16Array.from({ length: 3 * 256 }, (_, i) => GREY[(i * 5) % 256]! * 16);
  const png = await sharp(values, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer();
  const { pixels, notes } = await decodeImage(png, 'x.png');
  expect([...pixels]).toEqual([...values].map(value => value / 16));
  expect(notes).toEqual(['was read as 12 of 16 bits, because no sample needs more']);
});

describe('pixels that are no X-ray', () => {
  it.each([
    [0, 'is nearly constant (0 to 0 of 255)'],
    [255, 'is nearly constant (255 to 255 of 255)'],
  ])('a picture of %i has a note', async (value, note) => {
    const png = await sharp(new Uint8Array(256).fill(value), { raw: { width: 16, height: 16, channels: 1 } })
      .png()
      .toBuffer();
    expect((await decodeImage(png, 'x.png')).notes).toEqual([note]);
  });

  it('a picture without a value of 32 has a note', async () => {
    const png = await sharp(
      Uint8Array.from(GREY, value => value >> 4),
      { raw: { width: 16, height: 16, channels: 1 } },
    )
      .png()
      .toBuffer();
    expect((await decodeImage(png, 'x.png')).notes).toEqual(['is nearly black (0 to 15 of 255)']);
  });
});
