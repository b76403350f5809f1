import { describe, expect, it } from 'vitest';
import { COLORMAP_NAMES, colormapTable, DEFAULT_COLORMAP } from '../../src/report/colormap.ts';

/** matplotlib 3.11: `(colormaps[name](range(256), bytes=True)[:, :3])` at 0, 1, 64, 128, 192, 255. */
const PINNED: Record<string, readonly (readonly [number, number, number])[]> = {
  inferno: [
    [0, 0, 3],
    [0, 0, 4],
    [87, 15, 109],
    [187, 55, 84],
    [249, 142, 8],
    [252, 254, 164],
  ],
  viridis: [
    [68, 1, 84],
    [68, 2, 85],
    [58, 82, 139],
    [32, 144, 140],
    [94, 201, 97],
    [253, 231, 36],
  ],
  magma: [
    [0, 0, 3],
    [0, 0, 4],
    [80, 18, 123],
    [182, 54, 121],
    [251, 136, 97],
    [251, 252, 191],
  ],
  turbo: [
    [48, 18, 59],
    [49, 21, 66],
    [40, 187, 235],
    [164, 252, 59],
    [250, 125, 32],
    [122, 4, 2],
  ],
  jet: [
    [0, 0, 127],
    [0, 0, 132],
    [0, 128, 255],
    [124, 255, 121],
    [255, 148, 0],
    [127, 0, 0],
  ],
  gray: [
    [0, 0, 0],
    [1, 1, 1],
    [64, 64, 64],
    [128, 128, 128],
    [192, 192, 192],
    [255, 255, 255],
  ],
};

/**
 * SHA-256 of the same tables, 768 bytes each; for gray, without matplotlib's truncation of some entries to one less.
 */
const DIGESTS: Record<string, string> = {
  inferno: '8092f65256023cefa85fe1136f4f398a2a9f35e9fdf414176b33cce639c44318',
  viridis: '96a1f6f37d4041f953def955ffb8b9ea2110a9b4e3c9b701182d48f7a9774c58',
  magma: 'e2e7c21b2cdebd6f55d07fae05ea13bb4b4f0908509892384b87c747b9f319f6',
  turbo: '8f5d5edf6af4af0550fd7189cf2626a96a084c245b8aefc59835ba5ab66c3f11',
  jet: 'c1b7b97444ebebfc30a590ce3eada7cffefb868960c6c39fd4ed1ff7a40712e9',
  gray: '72432263dbfe17abc40ed269f24c7a344e077e3671007dfc8a2f3851f8193dc2',
};

describe('colormapTable', () => {
  it.each(COLORMAP_NAMES)('%s equals matplotlib’s table', async name => {
    const table = colormapTable(name);
    const entries = [0, 1, 64, 128, 192, 255].map(i => [...table.subarray(i * 3, i * 3 + 3)]);
    expect(entries).toEqual(PINNED[name]);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', table as BufferSource));
    expect(Buffer.from(digest).toString('hex')).toBe(DIGESTS[name]);
  });

  it('rejects an unknown name and lists the known maps', () => {
    expect(() => colormapTable('rainbow')).toThrow(
      'colormap: unknown colour map "rainbow". Known: inferno, viridis, magma, turbo, jet, gray',
    );
  });

  it('has a default that only gets lighter', () => {
    const table = colormapTable(DEFAULT_COLORMAP);
    const light = Array.from(
      { length: 256 },
      (_, i) => table[i * 3]! * 0.3 + table[i * 3 + 1]! * 0.59 + table[i * 3 + 2]! * 0.11,
    );
    for (let i = 1; i < 256; i++) expect(light[i]!).toBeGreaterThan(light[i - 1]! - 0.5);
  });
});
