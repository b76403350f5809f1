import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeImage } from '../../src/platform/node.ts';
import { messageOf } from '../platform/helpers.ts';
import { bmp, bytesOf, text, tiff } from './files.ts';

/** 3 x 2 pixels. */
const RGB = Uint8Array.from({ length: 18 }, (_, i) => i * 14);
const GREY = Uint8Array.of(0, 50, 100, 150, 200, 250);
const repeat = (grey: ArrayLike<number>) => Array.from(grey).flatMap(value => [value, value, value]);
const pixelsOf = async (bytes: Uint8Array, name = 'x') => [...(await decodeImage(bytes, name)).pixels];

describe('bitmaps', () => {
  const rows24 = Uint8Array.from(
    [1, 0].flatMap(y => [...[0, 1, 2].flatMap(x => [2, 1, 0].map(c => RGB[(y * 3 + x) * 3 + c]!)), 0, 0, 0]),
  );

  it('of 24 bits', async () => {
    expect(await pixelsOf(bmp({ width: 3, height: 2, bits: 24, data: rows24 }))).toEqual([...RGB]);
  });

  it('of 24 bits, stored from the top down', async () => {
    const topDown = Uint8Array.from([...rows24.subarray(12), ...rows24.subarray(0, 12)]);
    expect(await pixelsOf(bmp({ width: 3, height: -2, bits: 24, data: topDown }))).toEqual([...RGB]);
  });

  it('of 32 bits', async () => {
    const data = Uint8Array.from(
      [1, 0].flatMap(y => [0, 1, 2].flatMap(x => [...[2, 1, 0].map(c => RGB[(y * 3 + x) * 3 + c]!), 9])),
    );
    expect(await pixelsOf(bmp({ width: 3, height: 2, bits: 32, data }))).toEqual([...RGB]);
  });

  it('of 1, 4 and 8 bits with a palette', async () => {
    const palette = [
      [10, 20, 30],
      [40, 50, 60],
    ] as const;
    const [a, b] = [[...palette[0]], [...palette[1]]];
    const expected = [a, b, a, b, b, a].flat();
    const eight = Uint8Array.of(1, 1, 0, 0, 0, 1, 0, 0);
    const four = Uint8Array.of(0x11, 0x00, 0, 0, 0x01, 0x00, 0, 0);
    const one = Uint8Array.of(0b11000000, 0, 0, 0, 0b01000000, 0, 0, 0);
    for (const [bits, data] of [
      [8, eight],
      [4, four],
      [1, one],
    ] as const)
      expect(await pixelsOf(bmp({ width: 3, height: 2, bits, data, palette }))).toEqual(expected);
  });

  it.each([
    [
      'of 16 bits',
      bmp({ width: 3, height: 2, bits: 16, data: new Uint8Array(16) }),
      /^x: is a BMP file of a kind that Raycam does not read \(16 bits per pixel are not supported\)\. Save it as/,
    ],
    [
      'with run lengths',
      bmp({ width: 3, height: 2, bits: 8, data: new Uint8Array(16), compression: 1 }),
      /^x: is a BMP file of a kind that Raycam does not read \(compression 1 is not supported\)\./,
    ],
    [
      'that end early',
      bmp({ width: 3, height: 3, bits: 24, data: rows24 }),
      /^x: is damaged \(it ends early \(78 of 90 bytes\)\)\./,
    ],
    [
      'of hostile size',
      bmp({ width: 2 ** 31 - 1, height: 2 ** 30, bits: 24, data: rows24 }),
      /^x: has more than 100 megapixels\./,
    ],
  ])('%s are refused', async (_, file, expected) => expect(await messageOf(decodeImage(file, 'x'))).toMatch(expected));
});

describe('Netpbm files', () => {
  it.each([
    ['binary grey', Uint8Array.from([...text('P5 3 2 255\n'), ...GREY]), repeat(GREY)],
    [
      'binary grey with comments',
      Uint8Array.from([...text('P5 # one\n3 # two\n2\n#three\n255\n'), ...GREY]),
      repeat(GREY),
    ],
    ['grey as text', text(`P2\n3 2\n255\n${[...GREY].join(' ')}\n`), repeat(GREY)],
    ['grey up to 250', Uint8Array.from([...text('P5 3 2 250\n'), ...GREY]), repeat([0, 51, 102, 153, 204, 255])],
    ['binary RGB', Uint8Array.from([...text('P6\n3 2\n255\n'), ...RGB]), [...RGB]],
    ['RGB as text', text(`P3 3 2 255 ${[...RGB].join('\n')}`), [...RGB]],
    [
      'a binary bitmap, in which 1 is black',
      Uint8Array.from([...text('P4 3 2\n'), 0b01000000, 0b10100000]),
      repeat([255, 0, 255, 0, 255, 0]),
    ],
    ['a bitmap as text without spaces', text('P1 3 2 010101'), repeat([255, 0, 255, 0, 255, 0])],
  ])('%s', async (_, file, expected) => expect(await pixelsOf(file)).toEqual(expected));

  it.each([
    ['that end early', text('P5 3 2 255\nabc'), /^x: is damaged \(it ends early \(14 of 17 bytes\)\)\./],
    ['as text that end early', text('P2 3 2 255 1 2'), /^x: is damaged \(a number is missing at byte 15\)\./],
    [
      'with a sample over the maximum',
      text('P2 1 1 7 9'),
      /^x: is damaged \(a sample of 9 exceeds the maximum of 7\)\./,
    ],
    ['without a size', text('P5 x'), /^x: is damaged \(a number is missing at byte 3\)\./],
    ['with a maximum of 0', text('P5 1 1 0 a'), /^x: is damaged \(its largest sample is 0\)\./],
    ['of hostile size', text('P2 99999 99999 255 1'), /^x: has more than 100 megapixels\./],
    [
      'of hostile size within the limit',
      text('P3 9000 9000 255 1'),
      /^x: is damaged \(9000 x 9000 pixels in 18 bytes are too many for a photograph\)/,
    ],
  ])('%s are refused', async (_, file, expected) => expect(await messageOf(decodeImage(file, 'x'))).toMatch(expected));
});

describe('TIFF files', () => {
  const planes = { width: 3, height: 2, bits: 8 };

  it.each([
    ['CIELAB', 8, 3],
    ['colour filter array', 32803, 1],
    ['LogLUV', 32845, 3],
  ])('whose samples are %s are refused, not called damaged', async (what, photometric, samples) => {
    const file = tiff({ ...planes, samples, photometric, data: new Uint8Array(6 * samples) });
    expect(await messageOf(decodeImage(file, 'x.tif'))).toBe(
      `x.tif: is a TIFF file whose samples are ${what}, which Raycam does not read. Save it as grey or RGB`,
    );
  });

  it('with an unknown compression are refused, not called damaged', async () => {
    const file = tiff({ ...planes, bits: 16, compression: 34712, data: new Uint8Array(12) });
    expect(await messageOf(decodeImage(file, 'x.tif'))).toMatch(
      /^x\.tif: is a TIFF file of a kind that Raycam does not read \(.*34712.*\)\. Save it as 8- or 16-bit PNG$/,
    );
  });

  it('that end early are damaged', async () => {
    const file = tiff({ ...planes, bits: 16, data: new Uint8Array(12) });
    expect(await messageOf(decodeImage(file.subarray(0, file.length - 6), 'x.tif'))).toMatch(/^x\.tif: is damaged \(/);
  });

  it('of hostile size are refused', async () => {
    const file = tiff({ width: 60_000, height: 60_000, bits: 16, data: new Uint8Array(12) });
    expect(await messageOf(decodeImage(file, 'x.tif'))).toMatch(/^x\.tif: (is too large|has more than 100 megapixels)/);
  });

  it('have the page that is chosen', async () => {
    const page = tiff({ ...planes, bits: 16, data: bytesOf(Uint16Array.from(GREY, value => value * 257)) });
    expect(await pixelsOf(page)).toEqual(repeat(GREY));
    expect(await messageOf(decodeImage(page, 'x.tif', { frame: 2 }))).toBe(
      'x.tif: has 1 pages, not 2. Choose one from 1 to 1',
    );
  });

  it.each([2, 3, 4, 5, 6, 7, 8])('of 16 bits with orientation %i look as those of 8 bits do', async orientation => {
    const extra = [[274, 3, [orientation]]] as const;
    const eight = await decodeImage(tiff({ ...planes, data: GREY, extra }), 'x.tif');
    const sixteen = await decodeImage(
      tiff({ ...planes, bits: 16, data: bytesOf(Uint16Array.from(GREY, value => value * 257)), extra }),
      'x.tif',
    );
    expect([sixteen.width, sixteen.height, ...sixteen.pixels]).toEqual([eight.width, eight.height, ...eight.pixels]);
    expect([...sixteen.pixels]).not.toEqual(repeat(GREY));
    expect(sixteen.description?.details.orientation).toBe(eight.description?.details.orientation);
    expect(sixteen.notes?.[0]).toMatch(/^was (rotated|mirrored) .*, as its EXIF orientation asks/);
  });
});

describe('files of other kinds', () => {
  const frame = (marker: number, precision: number) =>
    Uint8Array.of(0xff, 0xd8, 0xff, marker, 0, 11, precision, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xff, 0xd9);
  const placed = (offset: number, content: string) => Uint8Array.from([...new Uint8Array(offset), ...text(content)]);
  it.each<[string, Uint8Array, string]>([
    [
      'a 12-bit JPEG',
      frame(0xc1, 12),
      'x: is a JPEG file of a kind that Raycam does not read (12 bits per sample). Save it as 8- or 16-bit PNG',
    ],
    [
      'a JPEG-LS file',
      frame(0xf7, 8),
      'x: is a JPEG file of a kind that Raycam does not read (JPEG-LS). Save it as 8- or 16-bit PNG',
    ],
    [
      'a lossless JPEG of 16 bits',
      frame(0xc3, 16),
      'x: is a JPEG file of a kind that Raycam does not read (16 bits per sample). Save it as 8- or 16-bit PNG',
    ],
    [
      'a hierarchical JPEG',
      frame(0xc5, 8),
      'x: is a JPEG file of a kind that Raycam does not read (hierarchical JPEG). Save it as 8- or 16-bit PNG',
    ],
    ['JPEG 2000', Uint8Array.of(0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a), 'is a JPEG 2000 image'],
    ['JPEG XL', Uint8Array.of(0xff, 0x0a, 0, 0), 'is a JPEG XL image'],
    ['HEIC', placed(4, 'ftypheic'), 'is a HEIC image'],
    ['PDF', text('%PDF-1.7\n'), 'is a PDF document'],
    ['NIfTI', placed(344, 'n+1\0'), 'is a NIfTI volume'],
    ['NRRD', text('NRRD0004\n'), 'is an NRRD volume'],
    ['NumPy', Uint8Array.from([0x93, ...text('NUMPY')]), 'is a NumPy array'],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), 'is a gzip archive'],
    ['ZIP', Uint8Array.from([...text('PK'), 3, 4]), 'is a ZIP archive'],
    ['a web page', text('<!DOCTYPE html><html></html>'), 'is a web page'],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\n'), 'is a Git LFS pointer'],
    ['a video', placed(4, 'ftypisom'), 'is a video'],
  ])('%s is named, not called damaged', async (_, bytes, expected) => {
    const message = await messageOf(decodeImage(bytes, 'x'));
    if (expected.startsWith('x: ')) expect(message).toBe(expected);
    else
      expect(message).toBe(
        `x: ${expected}, which Raycam does not decode. Supported: JPEG, PNG, WebP, GIF, TIFF, BMP, PGM, PPM, AVIF, DICOM`,
      );
  });

  it('text that begins like a Netpbm or bitmap file is not taken for one', async () => {
    for (const start of ['P5xyz', 'PNG', 'BMW is a car maker', 'P2P'])
      expect(await messageOf(decodeImage(text(start), 'x'))).toMatch(/^x: is not an image that can be decoded/);
  });
});

it('describes what a file contains', async () => {
  const described = async (bytes: Uint8Array) => (await decodeImage(bytes, 'x')).description;
  const raw = sharp(RGB, { raw: { width: 3, height: 2, channels: 3 } });
  expect(await described(await raw.clone().jpeg().toBuffer())).toEqual({
    format: 'JPEG',
    width: 3,
    height: 2,
    bits: 8,
    bitsUsed: 8,
    photometric: 'RGB',
    details: {},
  });
  expect(await described(await raw.clone().png({ palette: true }).toBuffer())).toMatchObject({
    photometric: 'palette',
  });
  const turned = await raw.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect(await described(turned)).toMatchObject({
    width: 2,
    height: 3,
    details: { orientation: 'rotated by 90° clockwise' },
  });
});

describe('without sharp’s binary for this system', () => {
  afterEach(() => {
    vi.doUnmock('sharp');
    vi.resetModules();
  });

  it('says in one sentence how to install it', async () => {
    vi.resetModules();
    vi.doMock('sharp', () => {
      throw new Error('Could not load the "sharp" module using the linux-x64 runtime\nPossible solutions: …');
    });
    const { decodeImage: decodeAgain } = await import('../../src/platform/node_image.ts');
    const png = await raycamPng();
    expect(await messageOf(decodeAgain(png, 'x.png'))).toMatch(
      /^images: the package sharp cannot be loaded for [a-z0-9-]+ \(.+\)\. Install it on this system: npm install --include=optional sharp$/,
    );
  });
});

/** A PNG file of one grey pixel. */
async function raycamPng(): Promise<Uint8Array> {
  return Uint8Array.from(
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
      'base64',
    ),
  );
}
