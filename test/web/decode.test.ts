import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeImage } from '#platform';
import { root } from '../cli/run.ts';
import { type ChromiumPage, openChromiumPage } from '../harness/chromium.ts';
import { bmp, bytesOf, text, tiff } from '../images/files.ts';

const SAMPLE = join(root, 'sample/chest_xray');
const files = readdirSync(SAMPLE, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.jpeg'));

let chromium: ChromiumPage;
beforeAll(async () => {
  chromium = await openChromiumPage('test/web/decode_entry.ts', { webgpu: false });
});
afterAll(() => chromium?.close());

/** Returns the largest difference of any channel of any pixel, on the scale 0..255. */
async function difference(bytes: Uint8Array): Promise<number> {
  const file = Buffer.from(bytes).toString('base64');
  const inPage = await chromium.page.evaluate(text => globalThis.decode(text), file);
  const inNode = await decodeImage(bytes, 'image');
  expect([inPage.width, inPage.height]).toEqual([inNode.width, inNode.height]);
  const pixels = Buffer.from(inPage.pixels, 'base64');
  expect(pixels.length).toBe(inNode.pixels.length);
  return inNode.pixels.reduce((most, value, i) => Math.max(most, Math.abs(value - pixels[i]!)), 0);
}

it('decodes every bundled JPEG to the same pixels in Chromium and in Node', async () => {
  expect(files.length).toBe(100);
  const differences = await Promise.all(files.map(async file => difference(await readFile(join(SAMPLE, file)))));
  expect(Math.max(...differences)).toBe(0);
});

const SQUARE = { width: 32, height: 32 };
const COUNT = { length: 32 * 32 };

/** An image of 256 x 256 samples of 16 bits. */
async function deep(channels: 1 | 4, value: (i: number) => number): Promise<Sharp> {
  const values = Uint16Array.from({ length: 256 * 256 * channels }, (_, i) => value(i));
  return sharp(values, { raw: { width: 256, height: 256, channels } });
}

const first = () => sharp(join(SAMPLE, files[0]!)).resize(701, 523);
const variants: Record<string, () => Promise<Buffer>> = {
  'a grey PNG': () => first().toColourspace('b-w').png().toBuffer(),
  'a colour PNG': () => first().tint('#c08040').png().toBuffer(),
  'a PNG with a palette': () => first().png({ palette: true, colours: 64 }).toBuffer(),
  'a translucent PNG': () => first().ensureAlpha(0.5).png().toBuffer(),
  'a JPEG of another quality': () => first().jpeg({ quality: 71 }).toBuffer(),
  'a progressive JPEG': () => first().jpeg({ progressive: true }).toBuffer(),
  'a colour JPEG with 4:2:0 chroma subsampling': () =>
    first().tint('#c08040').jpeg({ chromaSubsampling: '4:2:0' }).toBuffer(),
  'a 16-bit PNG': () =>
    sharp(
      Uint16Array.from({ length: 256 * 256 }, (_, i) => i),
      { raw: { width: 256, height: 256, channels: 1 } },
    )
      .toColourspace('grey16')
      .png()
      .toBuffer(),
  'a PNG with 12 of 16 bits': () =>
    deep(1, i => (i * 16) % 4096).then(image => image.toColourspace('grey16').png().toBuffer()),
  'a 16-bit RGB PNG with alpha': () => deep(4, i => i * 3).then(image => image.toColourspace('rgb16').png().toBuffer()),
  'an interlaced 16-bit PNG': () =>
    deep(1, i => i * 7).then(image => image.toColourspace('grey16').png({ progressive: true }).toBuffer()),
  'a TIFF with LZW': () => first().toColourspace('b-w').tiff({ compression: 'lzw' }).toBuffer(),
  'a colour TIFF with deflate in tiles': () =>
    first().tint('#c08040').tiff({ compression: 'deflate', predictor: 'horizontal', tile: true }).toBuffer(),
  'a TIFF of 1 bit': () => first().threshold(100).toColourspace('b-w').tiff({ bitdepth: 1 }).toBuffer(),
  'a CMYK TIFF': () => first().tint('#c08040').toColourspace('cmyk').tiff({ compression: 'none' }).toBuffer(),
  'a TIFF of floats': async () =>
    Buffer.from(
      tiff({ ...SQUARE, bits: 32, format: 3, data: bytesOf(Float32Array.from(COUNT, (_, i) => i / COUNT.length)) }),
    ),
  'a TIFF of signed integers with orientation 6': async () =>
    Buffer.from(
      tiff({
        ...SQUARE,
        bits: 32,
        format: 2,
        data: bytesOf(Int32Array.from(COUNT, (_, i) => i * 60)),
        extra: [[274, 3, [6]]],
      }),
    ),
  'a PGM': async () =>
    Buffer.from(
      Uint8Array.from([
        ...text('P5 32 32 4095\n'),
        ...new Uint8Array(2048).map((_, i) => (i & 1 ? (i * 5) & 255 : i & 15)),
      ]),
    ),
  'a PPM': async () =>
    Buffer.from(Uint8Array.from([...text('P6 16 16 255\n'), ...new Uint8Array(768).map((_, i) => i)])),
  'a BMP': async () =>
    Buffer.from(bmp({ width: 16, height: 16, bits: 24, data: new Uint8Array(768).map((_, i) => i) })),
  'a WebP': () => first().webp({ lossless: true }).toBuffer(),
  'a grey JPEG': () => first().toColourspace('b-w').jpeg().toBuffer(),
};

it.each(Object.keys(variants))('decodes %s to the same pixels', async name => {
  expect(await difference(await variants[name]!())).toBe(0);
});
