/** Tests that a page reads DICOM files as Node does. */
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeImage } from '#platform';
import { dicomFile, losslessJpeg, rleFrame, SYNTAX, type Written } from '../dicom/build.ts';
import { type ChromiumPage, openChromiumPage } from '../harness/chromium.ts';

const require = createRequire(import.meta.url);
let chromium: ChromiumPage;
beforeAll(async () => {
  chromium = await openChromiumPage('test/web/decode_entry.ts', { webgpu: false });
});
afterAll(() => chromium?.close());

const SIZE = { rows: 64, columns: 64, bits: [16, 12] } as const;
const DEEP = Uint16Array.from({ length: 64 * 64 }, (_, i) => (i * 1237) % 4096);
const BYTES = Uint8Array.from(DEEP, value => value >> 4);

async function encoded(script: string, name: string): Promise<Uint8Array> {
  const codec = await require(script)();
  const encoder = new codec[name]();
  const info = { width: 64, height: 64, bitsPerSample: 12, componentCount: 1, isSigned: false };
  encoder.getDecodedBuffer(info).set(new Uint8Array(DEEP.buffer));
  encoder.encode();
  return Uint8Array.from(encoder.getEncodedBuffer());
}

const files: Record<string, () => Promise<Written> | Written> = {
  plain: () => ({ ...SIZE, pixels: DEEP }),
  deflated: () => ({ ...SIZE, syntax: SYNTAX.deflated, pixels: DEEP }),
  'deflated, of odd length': () => ({
    rows: 1,
    columns: 3,
    syntax: SYNTAX.deflated,
    pixels: Uint8Array.of(0, 99, 255, 0),
  }),
  RLE: () => ({
    ...SIZE,
    syntax: SYNTAX.rle,
    pixels: [rleFrame([Uint8Array.from(DEEP, value => value >> 8), Uint8Array.from(DEEP, value => value & 255)])],
  }),
  'JPEG lossless': () => ({
    ...SIZE,
    syntax: SYNTAX.lossless,
    pixels: [losslessJpeg(DEEP, { width: 64, height: 64, bits: 12 })],
  }),
  'JPEG-LS': async () => ({
    ...SIZE,
    syntax: SYNTAX.jpegLs,
    pixels: [await encoded('@cornerstonejs/codec-charls/wasmjs', 'JpegLSEncoder')],
  }),
  'JPEG 2000': async () => ({
    ...SIZE,
    syntax: SYNTAX.jpeg2000,
    pixels: [await encoded('@cornerstonejs/codec-openjpeg/wasmjs', 'J2KEncoder')],
  }),
  'JPEG baseline': async () => {
    const grey = sharp(BYTES, { raw: { width: 64, height: 64, channels: 1 } }).toColourspace('b-w');
    return { ...SIZE, bits: [8, 8], syntax: SYNTAX.baseline, pixels: [new Uint8Array(await grey.jpeg().toBuffer())] };
  },
};

it.each(Object.keys(files))('a page and Node read the same pixels: %s', async name => {
  const bytes = dicomFile(await files[name]!());
  const inNode = await decodeImage(bytes, 'x.dcm');
  const inPage = await chromium.page.evaluate(text => globalThis.decode(text), Buffer.from(bytes).toString('base64'));
  expect([inPage.width, inPage.height]).toEqual([inNode.width, inNode.height]);
  expect(Buffer.from(inPage.pixels, 'base64').equals(inNode.pixels)).toBe(true);
  expect(new Set(inNode.pixels).size).toBeGreaterThan(2);
});
