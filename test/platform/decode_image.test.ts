import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, encodePng } from '../../src/platform/node.ts';
import { messageOf } from './helpers.ts';

const GREY = Uint8Array.from({ length: 6 }, (_, i) => i * 40);
const RGB = Uint8Array.from({ length: 18 }, (_, i) => i * 14);

const raw = (pixels: Uint8Array, channels: 1 | 2 | 3 | 4) => sharp(pixels, { raw: { width: 3, height: 2, channels } });
const repeat = (grey: ArrayLike<number>) => Array.from(grey).flatMap(v => [v, v, v]);

async function photo(): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => (i * 37 + (i >> 6) * 11) % 256);
  return sharp(pixels, { raw: { width: 64, height: 48, channels: 3 } })
    .jpeg()
    .toBuffer();
}

describe('decodeImage', () => {
  it('keeps RGB as stored', async () => {
    const image = await decodeImage(await raw(RGB, 3).png().toBuffer(), 'x.png');
    const description = { format: 'PNG', width: 3, height: 2, bits: 8, bitsUsed: 8, photometric: 'RGB', details: {} };
    expect({ ...image, pixels: [...image.pixels] }).toEqual({ width: 3, height: 2, pixels: [...RGB], description });
  });

  it('repeats grey', async () => {
    const image = await decodeImage(await raw(GREY, 1).toColourspace('b-w').png().toBuffer(), 'x.png');
    expect([...image.pixels]).toEqual(repeat(GREY));
  });

  it('drops alpha without blending', async () => {
    const rgba = Uint8Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? (i * 9) % 256 : i * 10));
    const image = await decodeImage(await raw(rgba, 4).png().toBuffer(), 'x.png');
    expect([...image.pixels]).toEqual([...rgba].filter((_, i) => i % 4 !== 3));
  });

  it('drops the alpha of grey', async () => {
    const greyAlpha = [...GREY].flatMap((v, i) => [v, i * 20]);
    const png = await raw(Uint8Array.from(greyAlpha), 2).toColourspace('b-w').png().toBuffer();
    expect([...(await decodeImage(png, 'x.png')).pixels]).toEqual(repeat(GREY));
  });

  it('resolves palette colours', async () => {
    const png = await raw(RGB, 3).png({ palette: true, colours: 16, dither: 0 }).toBuffer();
    const image = await decodeImage(png, 'x.png');
    expect(image.pixels.length).toBe(18);
    expect(Math.max(...image.pixels.map((v, i) => Math.abs(v - RGB[i]!)))).toBeLessThanOrEqual(16);
  });

  it.each([
    ['grey', 1 as const, 'grey16' as const],
    ['RGB', 3 as const, 'rgb16' as const],
  ])('cuts 16-bit %s to its upper 8 bits', async (_, channels, space) => {
    const values = Uint16Array.from({ length: 6 * channels }, (_, i) => (i * 7919 + 250) % 65536);
    const png = await sharp(values, { raw: { width: 3, height: 2, channels } })
      .toColourspace(space)
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).depth).toBe('ushort');
    const upper = [...values].map(v => v >> 8);
    const image = await decodeImage(png, 'x.png');
    expect([...image.pixels]).toEqual(channels === 1 ? repeat(upper) : upper);
  });

  it('converts CMYK with PIL’s formula', async () => {
    const tiff = await raw(RGB, 3).toColourspace('cmyk').tiff({ compression: 'none' }).toBuffer();
    expect((await sharp(tiff).metadata()).space).toBe('cmyk');
    const stored = await sharp(tiff).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer();
    const expected = [0, 1, 2, 3, 4, 5].flatMap(i => {
      const white = 255 - stored[i * 4 + 3]!;
      return [0, 1, 2].map(c => white - Math.round((stored[i * 4 + c]! * white) / 255));
    });
    expect([...(await decodeImage(tiff, 'x.tif')).pixels]).toEqual(expected);
  });

  it('rotates an image according to its EXIF orientation', async () => {
    const jpeg = await sharp(await photo())
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const plain = await decodeImage(await sharp(jpeg).jpeg({ quality: 100 }).toBuffer(), 'x.jpeg');
    const turned = await decodeImage(jpeg, 'x.jpeg');
    expect([plain.width, plain.height, turned.width, turned.height]).toEqual([64, 48, 48, 64]);
    const bottomLeft = (47 * 64 + 0) * 3;
    expect(Math.abs(turned.pixels[0]! - plain.pixels[bottomLeft]!)).toBeLessThan(12);
  });

  it('ignores an ICC profile', async () => {
    const plain = await raw(RGB, 3).png().toBuffer();
    const profiled = await raw(RGB, 3).withIccProfile('p3', { attach: true }).png().toBuffer();
    const stored = await sharp(profiled, { ignoreIcc: true }).raw().toBuffer();
    expect([...(await decodeImage(profiled, 'x.png')).pixels]).toEqual([...stored]);
    expect([...(await decodeImage(plain, 'x.png')).pixels]).toEqual([...RGB]);
  });

  it.each(['webp', 'gif', 'tiff', 'avif'] as const)('reads %s', async format => {
    const bytes = await sharp(await photo())
      .toFormat(format)
      .toBuffer();
    const image = await decodeImage(bytes, `x.${format}`);
    expect([image.width, image.height, image.pixels.length]).toEqual([64, 48, 64 * 48 * 3]);
  });

  it('rejects a JPEG and a PNG that are cut short', async () => {
    const jpeg = await photo();
    const png = await sharp(jpeg).png().toBuffer();
    expect(await messageOf(decodeImage(jpeg.subarray(0, jpeg.length >> 1), 'half.jpeg'))).toMatch(
      /^half\.jpeg: is damaged \(.+\)\. Download or copy it again$/,
    );
    expect(await messageOf(decodeImage(png.subarray(0, png.length >> 1), 'half.png'))).toMatch(
      /^half\.png: is damaged \(.+\)\. Download or copy it again$/,
    );
  });

  it('names the kind of a file that is not an image', async () => {
    const text = new TextEncoder().encode('patient,label\n1,NORMAL\n');
    expect(await messageOf(decodeImage(text, 'xray.jpeg'))).toMatch(
      /^xray\.jpeg: is not an image that can be decoded \(.+\)\. Supported: JPEG, PNG, WebP, GIF, TIFF, BMP, PGM, PPM, AVIF, DICOM$/,
    );
    expect(await messageOf(decodeImage(new Uint8Array(0), 'xray.jpeg'))).toBe(
      'xray.jpeg: is empty. Download or copy it again',
    );
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>');
    expect(await messageOf(decodeImage(svg, 'x.png'))).toMatch(
      /^x.png: is an SVG drawing, which Raycam does not decode\./,
    );
  });

  it('rejects an image of more than 100 megapixels', async () => {
    const png = await sharp({ create: { width: 20_000, height: 6_000, channels: 3, background: '#000' } })
      .png({ compressionLevel: 1 })
      .toBuffer();
    expect(await messageOf(decodeImage(png, 'huge.png'))).toBe(
      'huge.png: has more than 100 megapixels. Scale it down first',
    );
  });
});

describe('encodePng', () => {
  it('encodes RGB and RGBA exactly', async () => {
    const rgba = Uint8Array.from({ length: 24 }, (_, i) => (i * 31) % 256);
    for (const pixels of [RGB, rgba]) {
      const png = await encodePng({ width: 3, height: 2, pixels });
      expect([...(await sharp(png).raw().toBuffer())]).toEqual([...pixels]);
    }
  });

  it('rejects a wrong number of bytes', async () => {
    expect(await messageOf(encodePng({ width: 3, height: 2, pixels: new Uint8Array(17) }))).toBe(
      'png: 3 x 2 pixels need 3 or 4 bytes each, got 17 bytes',
    );
  });
});
