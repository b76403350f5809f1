import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../src/platform/node_image.ts';
import { addPngTexts, readPngTexts } from '../../src/report/png_text.ts';

const PIXELS = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => i * 4);

describe('texts in PNG files', () => {
  it('are read back, also by another decoder, which checks their checksums', async () => {
    const png = await encodePng({ width: 5, height: 4, pixels: PIXELS });
    const texts = { Software: 'raycam cam', 'raycam maps': 'ab cd' };
    const marked = addPngTexts(png, texts);
    expect(readPngTexts(marked)).toEqual(texts);
    const decoded = decode(marked, { checkCrc: true });
    expect([decoded.width, decoded.height, [...decoded.data]]).toEqual([5, 4, [...PIXELS]]);
    expect(decoded.text).toEqual(texts);
    expect(readPngTexts(png)).toEqual({});
  });

  it('are absent from files that are not PNG files, or end early', async () => {
    const marked = addPngTexts(await encodePng({ width: 5, height: 4, pixels: PIXELS }), { Software: 'raycam cam' });
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0x89, 0x50), new Uint8Array(100), marked.subarray(0, 50)])
      expect(readPngTexts(bytes)).toEqual({});
    const tooLong = marked.slice();
    tooLong.set([0x7f, 0xff, 0xff, 0xff], 33);
    expect(readPngTexts(tooLong)).toEqual({});
  });
});
