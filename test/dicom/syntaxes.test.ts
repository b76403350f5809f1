/** Tests that every transfer syntax gives the samples that were stored. */
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { decodeImage } from '#platform';
import { dicomFile, losslessJpeg, rleFrame, SYNTAX, type Written } from './build.ts';

const require = createRequire(import.meta.url);
const WIDTH = 37;
const HEIGHT = 21;
/** 12-bit samples that use the full range. */
const DEEP = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * 1237 + (i % 7) * 100) % 4096).fill(4095, 0, 1);
const BYTES = Uint8Array.from(DEEP, value => value >> 4);
const SIZE = { rows: HEIGHT, columns: WIDTH };

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  encode(): void;
  setDecompositions?(levels: number): void;
  setInterleaveMode?(mode: number): void;
}

async function encode(
  script: string,
  name: string,
  info: { bitsPerSample: number; componentCount: number },
  samples: Uint8Array,
  mode = 0,
) {
  const codec = await require(script)();
  const encoder: Encoder = new codec[name]();
  encoder
    .getDecodedBuffer({ width: WIDTH, height: HEIGHT, isSigned: false, isUsingColorTransform: false, ...info })
    .set(samples);
  encoder.setDecompositions?.(2);
  encoder.setInterleaveMode?.(mode);
  encoder.encode();
  return Uint8Array.from(encoder.getEncodedBuffer());
}

const GREY = { bitsPerSample: 12, componentCount: 1 };
const deepBytes = () => new Uint8Array(DEEP.buffer);
const jpegLs = () => encode('@cornerstonejs/codec-charls/wasmjs', 'JpegLSEncoder', GREY, deepBytes());
const jpeg2000 = () => encode('@cornerstonejs/codec-openjpeg/wasmjs', 'J2KEncoder', GREY, deepBytes());

const DEEP_FILE: Written = { ...SIZE, bits: [16, 12], pixels: DEEP };
const split = (values: Uint16Array) => [Uint8Array.from(values, v => v >> 8), Uint8Array.from(values, v => v & 255)];

const deepFiles: Record<string, () => Promise<Written> | Written> = {
  'implicit little endian': () => ({ ...DEEP_FILE, syntax: SYNTAX.implicit }),
  'explicit little endian': () => DEEP_FILE,
  'explicit big endian': () => ({ ...DEEP_FILE, syntax: SYNTAX.big }),
  deflated: () => ({ ...DEEP_FILE, syntax: SYNTAX.deflated }),
  'no preamble': () => ({ ...DEEP_FILE, start: 'meta' }),
  'no preamble and no header, explicit': () => ({ ...DEEP_FILE, start: 'data' }),
  'no preamble and no header, implicit': () => ({ ...DEEP_FILE, syntax: SYNTAX.implicit, start: 'data' }),
  'no preamble and no header, big endian': () => ({ ...DEEP_FILE, syntax: SYNTAX.big, start: 'data' }),
  RLE: () => ({ ...DEEP_FILE, syntax: SYNTAX.rle, pixels: [rleFrame(split(DEEP))] }),
  'JPEG lossless': () => ({
    ...DEEP_FILE,
    syntax: SYNTAX.lossless,
    pixels: [losslessJpeg(DEEP, { width: WIDTH, height: HEIGHT, bits: 12 })],
  }),
  'JPEG-LS': async () => ({ ...DEEP_FILE, syntax: SYNTAX.jpegLs, pixels: [await jpegLs()] }),
  'JPEG 2000': async () => ({ ...DEEP_FILE, syntax: SYNTAX.jpeg2000, pixels: [await jpeg2000()] }),
  'JPEG 2000 in three fragments': async () => {
    const file = await jpeg2000();
    return {
      ...DEEP_FILE,
      syntax: SYNTAX.jpeg2000,
      pixels: [file.slice(0, 100), file.slice(100, 200), file.slice(200)],
    };
  },
  'samples in the upper bits, with other bits below': () => ({
    ...DEEP_FILE,
    bits: [16, 12, 15],
    pixels: DEEP.map(value => value * 16 + 9),
  }),
  'an overlay in the unused bits': () => ({ ...DEEP_FILE, pixels: DEEP.map((value, i) => value + 4096 * (i % 16)) }),
};

/** Returns the grey values of an image whose three channels are equal. */
function greyOf(pixels: Uint8Array): number[] {
  const grey = Array.from({ length: pixels.length / 3 }, (_, i) => pixels[3 * i]!);
  expect(Array.from({ length: pixels.length }, (_, i) => grey[Math.floor(i / 3)]!)).toEqual([...pixels]);
  return grey;
}

it.each(Object.keys(deepFiles))('reads 12-bit grey: %s', async name => {
  const image = await decodeImage(dicomFile(await deepFiles[name]!()), 'x.dcm');
  expect([image.width, image.height]).toEqual([WIDTH, HEIGHT]);
  expect(greyOf(image.pixels)).toEqual(Array.from(DEEP, value => Math.round((value * 255) / 4095)));
  expect(image.notes).toBeUndefined();
  expect(image.description).toMatchObject({ format: 'DICOM', bitsUsed: 12, photometric: 'MONOCHROME2' });
});

it('reads bytes that are part of a larger buffer', async () => {
  const file = dicomFile(DEEP_FILE);
  const part = Buffer.concat([Buffer.alloc(7), file, Buffer.alloc(9)]).subarray(7, 7 + file.length);
  expect((await decodeImage(part, 'x.dcm')).pixels).toEqual((await decodeImage(file, 'x.dcm')).pixels);
});

it('reads JPEG baseline as other JPEG files', async () => {
  const jpeg = await sharp(BYTES, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
    .toColourspace('b-w')
    .jpeg({ quality: 80 })
    .toBuffer();
  const file = dicomFile({ ...SIZE, syntax: SYNTAX.baseline, pixels: [new Uint8Array(jpeg)] });
  expect((await decodeImage(file, 'x.dcm')).pixels).toEqual((await decodeImage(jpeg, 'x.jpg')).pixels);
});

const RGB = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => (i * 91) % 256);
const COLOUR: Written = { ...SIZE, samples: 3, photometric: 'RGB', pixels: RGB };
const planes = [0, 1, 2].map(c => Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => RGB[3 * i + c]!));

const lsColours = (samples: Uint8Array, mode: number) =>
  encode('@cornerstonejs/codec-charls/wasmjs', 'JpegLSEncoder', { bitsPerSample: 8, componentCount: 3 }, samples, mode);

const colourFiles: Record<string, () => Promise<Written> | Written> = {
  interleaved: () => COLOUR,
  'in planes': () => ({ ...COLOUR, pixels: new Uint8Array(Buffer.concat(planes)), elements: [[0x00280006, 'US', 1]] }),
  RLE: () => ({ ...COLOUR, syntax: SYNTAX.rle, pixels: [rleFrame(planes)] }),
  'big endian, in words': () => ({
    ...COLOUR,
    syntax: SYNTAX.big,
    pixelVr: 'OW',
    pixels: Uint8Array.from({ length: RGB.length + 1 }, (_, i) => RGB[i ^ 1] ?? 0),
  }),
  'JPEG-LS, in planes': async () => ({
    ...COLOUR,
    syntax: SYNTAX.jpegLs,
    pixels: [await lsColours(Buffer.concat(planes), 0)],
  }),
  'JPEG-LS, by lines': async () => ({ ...COLOUR, syntax: SYNTAX.jpegLs, pixels: [await lsColours(RGB, 1)] }),
  'JPEG-LS, by samples': async () => ({ ...COLOUR, syntax: SYNTAX.jpegLs, pixels: [await lsColours(RGB, 2)] }),
  'JPEG 2000': async () => ({
    ...COLOUR,
    syntax: SYNTAX.jpeg2000,
    pixels: [
      await encode('@cornerstonejs/codec-openjpeg/wasmjs', 'J2KEncoder', { bitsPerSample: 8, componentCount: 3 }, RGB),
    ],
  }),
};

it.each(Object.keys(colourFiles))('reads colours: %s', async name => {
  const image = await decodeImage(dicomFile(await colourFiles[name]!()), 'x.dcm');
  expect([...image.pixels]).toEqual([...RGB]);
  expect(image.notes).toEqual(['is in colour, which X-rays are not']);
});

it('reads the frame that is asked for, of plain and of compressed frames', async () => {
  const frames = [1, 2, 3].map(n => Uint8Array.from({ length: 8 }, (_, i) => n * 20 + i * 10));
  const plain = dicomFile({ frames: 3, pixels: new Uint8Array(Buffer.concat(frames)) });
  const rle = dicomFile({ frames: 3, syntax: SYNTAX.rle, pixels: frames.map(frame => rleFrame([frame])) });
  for (const file of [plain, rle]) {
    for (const [i, expected] of frames.entries()) {
      const { pixels, notes } = await decodeImage(file, 'x.dcm', { frame: i + 1 });
      expect(greyOf(pixels)).toEqual([...expected]);
      expect(notes).toEqual([`has 3 frames, of which number ${i + 1} was read`]);
    }
    await expect(decodeImage(file, 'x.dcm', { frame: 4 })).rejects.toThrow(
      /^x\.dcm: has 3 frames, not 4\. Choose one from 1 to 3$/,
    );
  }
});
