import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeImage } from '#platform';
import { root } from '../cli/run.ts';
import { type ChromiumPage, openChromiumPage } from '../harness/chromium.ts';

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
  'a WebP': () => first().webp({ lossless: true }).toBuffer(),
  'a grey JPEG': () => first().toColourspace('b-w').jpeg().toBuffer(),
};

it.each(Object.keys(variants))('decodes %s to the same pixels', async name => {
  expect(await difference(await variants[name]!())).toBe(0);
});
