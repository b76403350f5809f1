/** Tests what stored values mean: photometric kinds, depths, lookup tables and windows. */
import { describe, expect, it } from 'vitest';
import { decodeImage } from '#platform';
import { dicomFile, type Element, SYNTAX, type Written } from './build.ts';

const greyOf = (pixels: Uint8Array) => Array.from({ length: pixels.length / 3 }, (_, i) => pixels[3 * i]!);

const read = async (written: Written) => decodeImage(dicomFile(written), 'x.dcm');

/** Reads 8 samples of 12 bits, signed or not. */
async function readGrey(values: readonly number[], elements: readonly Element[] = [], more: Written = {}) {
  const pixels = Uint16Array.from(values, value => value & 4095);
  const image = await read({ bits: [16, 12], pixels, elements, ...more });
  return { grey: greyOf(image.pixels), notes: image.notes, details: image.description!.details };
}

const VALUES = [0, 100, 1000, 1500, 2000, 2500, 3000, 4095];
const WINDOW: Element[] = [
  [0x00281050, 'DS', '2000\\1'],
  [0x00281051, 'DS', '1000\\1'],
];
const byte = (fraction: number) => Math.round(255 * Math.min(Math.max(fraction, 0), 1));

describe('windows', () => {
  it('are linear by default, and the first is used', async () => {
    const { grey, details } = await readGrey(VALUES, WINDOW);
    expect(grey).toEqual(VALUES.map(value => byte((value - 1999.5) / 999 + 0.5)));
    expect(details).toMatchObject({ 'window centre': 2000, 'window width': 1000, 'window function': 'linear' });
  });

  it('may be linear exact', async () => {
    const { grey } = await readGrey(VALUES, [...WINDOW, [0x00281056, 'CS', 'LINEAR_EXACT']]);
    expect(grey).toEqual(VALUES.map(value => byte((value - 2000) / 1000 + 0.5)));
  });

  it('may be a sigmoid', async () => {
    const { grey } = await readGrey(VALUES, [...WINDOW, [0x00281056, 'CS', 'SIGMOID']]);
    expect(grey).toEqual(VALUES.map(value => byte(1 / (1 + Math.exp((-4 * (value - 2000)) / 1000)))));
  });

  it('of width 1 are a threshold', async () => {
    const { grey } = await readGrey(VALUES, [
      [0x00281050, 'DS', '2000'],
      [0x00281051, 'DS', '1'],
    ]);
    expect(grey).toEqual(VALUES.map(value => (value > 1999.5 ? 255 : 0)));
  });

  it('apply after the rescale', async () => {
    const { grey, details } = await readGrey(VALUES, [
      [0x00281052, 'DS', '-1000'],
      [0x00281053, 'DS', '0.5'],
      [0x00281050, 'DS', '0'],
      [0x00281051, 'DS', '1001'],
    ]);
    expect(grey).toEqual(VALUES.map(value => byte((0.5 * value - 1000 + 0.5) / 1000 + 0.5)));
    expect(details).toMatchObject({ slope: 0.5, intercept: -1000 });
  });

  it.each(['0', '-5', 'x', ''])('of width "%s" are ignored, with a note', async width => {
    const { grey, notes } = await readGrey(VALUES, [
      [0x00281050, 'DS', '2000'],
      [0x00281051, 'DS', `${width}\\1`],
    ]);
    expect(grey).toEqual(VALUES.map(value => byte(value / 4095)));
    expect(notes).toEqual(['has a window that is not valid, which was ignored']);
  });
});

describe('grey values', () => {
  it('are inverted for MONOCHROME1', async () => {
    const { grey } = await readGrey(VALUES, WINDOW, { photometric: 'MONOCHROME1' });
    expect(grey).toEqual(VALUES.map(value => 255 - byte((value - 1999.5) / 999 + 0.5)));
  });

  it('of 12 bits in 16 that the file calls 16 use the depth that they need, with a note', async () => {
    const { grey, notes } = await readGrey(VALUES, [], { bits: [16, 16] });
    expect(grey).toEqual(VALUES.map(value => byte(value / 4095)));
    expect(notes).toEqual(['was read as 12 of 16 bits, because no sample needs more']);
  });

  it('are signed if the file says so, and then use their own range', async () => {
    const values = [-1000, -500, -1, 0, 1, 500, 800, 1000];
    const { grey, notes } = await readGrey(values, [], { isSigned: true });
    expect(grey).toEqual(values.map(value => byte((value + 1000) / 2000)));
    expect(notes).toEqual(['has no window, and was read from its least to its greatest value']);
  });

  it('keep their order where the slope is negative', async () => {
    const { grey } = await readGrey(VALUES, [
      [0x00281052, 'DS', '4095'],
      [0x00281053, 'DS', '-1'],
    ]);
    expect(grey).toEqual(VALUES.map(value => byte((4095 - value) / 4095)));
  });

  it('of 32 bits are read', async () => {
    const values = Uint32Array.from(VALUES, value => value * 2 ** 20);
    const pixels = new Uint8Array(values.buffer);
    const { pixels: rgb } = await read({ bits: [32, 32], pixels, pixelVr: 'OW' });
    expect(greyOf(rgb)).toEqual([...values].map(value => byte(value / (2 ** 32 - 1))));
  });

  it('of 1 bit are read, the lowest bit first', async () => {
    const { pixels } = await read({ bits: [1, 1], pixels: Uint8Array.of(0b10110010, 0) });
    expect(greyOf(pixels)).toEqual([0, 255, 0, 0, 255, 255, 0, 255]);
  });

  it('of the padding value are black and do not count for the range, with a note', async () => {
    const { grey, notes } = await readGrey([-2000, -1000, -500, 0, 0, 500, 800, 1000], [[0x00280120, 'SS', -2000]], {
      isSigned: true,
      photometric: 'MONOCHROME1',
    });
    expect(grey).toEqual([0, ...[-1000, -500, 0, 0, 500, 800, 1000].map(value => 255 - byte((value + 1000) / 2000))]);
    expect(notes).toContain('has pixels of its padding value, which are black');
  });
});

describe('lookup tables', () => {
  const table = Array.from({ length: 100 }, (_, i) => (i * i * 65535) / 9801);
  const item: Element[] = [
    [0x00283002, 'US', [100, 1000, 16]],
    [0x00283006, 'OW', table.map(Math.floor)],
  ];
  const values = [0, 999, 1000, 1001, 1050, 1099, 1100, 4095];
  const at = (value: number) => table[Math.min(Math.max(value - 1000, 0), 99)]!;

  it('of values of interest go before the window', async () => {
    const { grey, details } = await readGrey(values, [...WINDOW, [0x00283010, 'SQ', [item]]]);
    expect(grey).toEqual(values.map(value => Math.round((Math.floor(at(value)) * 255) / 65535)));
    expect(details).toMatchObject({ window: 'lookup table' });
  });

  it('of the modality replace the rescale', async () => {
    const { grey } = await readGrey(values, [
      [0x00283000, 'SQ', [item]],
      [0x00281053, 'DS', '7'],
    ]);
    expect(grey).toEqual(values.map(value => Math.round((Math.floor(at(value)) * 255) / 65535)));
  });

  it('of entries of 12 bits that the file calls 16 use the depth that they need, with a note', async () => {
    const small: Element[] = [
      [0x00283002, 'US', [3, 1000, 16]],
      [0x00283006, 'US', [0, 2000, 4095]],
    ];
    const { grey, notes } = await readGrey(values, [[0x00283010, 'SQ', [small]]]);
    expect(grey).toEqual([0, 0, 0, 125, 255, 255, 255, 255]);
    expect(notes).toEqual(['has a lookup table of 12 bits, not 16 as it says']);
  });

  it('may begin below zero', async () => {
    const signed: Element[] = [
      [0x00283002, 'SS', [3, -1, 8]],
      [0x00283006, 'US', [10, 20, 30]],
    ];
    const { grey } = await readGrey([-5, -1, 0, 1, 2, 3, 4, 5], [[0x00283010, 'SQ', [signed]]], { isSigned: true });
    expect(grey).toEqual([10, 10, 20, 30, 30, 30, 30, 30]);
  });

  it('may store two entries of 8 bits in a word', async () => {
    const packed: Element[] = [
      [0x00283002, 'US', [4, 0, 8]],
      [0x00283006, 'OW', [10 + 256 * 20, 30 + 256 * 255]],
    ];
    const { grey } = await readGrey([0, 1, 2, 3, 4, 5, 0, 1], [[0x00283010, 'SQ', [packed]]]);
    expect(grey).toEqual([10, 20, 30, 255, 255, 255, 10, 20]);
  });

  it('are read from big-endian files', async () => {
    const { grey } = await readGrey(values, [[0x00283010, 'SQ', [item]]], { syntax: SYNTAX.big });
    expect(grey).toEqual(values.map(value => Math.round((Math.floor(at(value)) * 255) / 65535)));
  });
});

it('reads the transformations of an enhanced file: those of the frame, then those of all frames', async () => {
  const window = (center: string): Element[] => [
    [
      0x00289132,
      'SQ',
      [
        [
          [0x00281050, 'DS', center],
          [0x00281051, 'DS', '201'],
        ],
      ],
    ],
  ];
  const rescale: Element[] = [
    [
      0x00289145,
      'SQ',
      [
        [
          [0x00281052, 'DS', '-50'],
          [0x00281053, 'DS', '2'],
        ],
      ],
    ],
  ];
  const file = dicomFile({
    frames: 2,
    pixels: Uint8Array.from({ length: 16 }, (_, i) => i * 16),
    elements: [
      [0x52009229, 'SQ', [rescale]],
      [0x52009230, 'SQ', [window('100'), window('200')]],
    ],
  });
  for (const frame of [1, 2]) {
    const { pixels } = await decodeImage(file, 'x.dcm', { frame });
    const values = Array.from({ length: 8 }, (_, i) => 2 * 16 * (i + 8 * (frame - 1)) - 50);
    expect(greyOf(pixels)).toEqual(values.map(value => byte((value - (100 * frame - 0.5)) / 200 + 0.5)));
  }
});

describe('colours', () => {
  const rgbOf = (y: number, cb: number, cr: number) =>
    [y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)].map(value =>
      Math.round(Math.min(Math.max(value, 0), 255)),
    );

  it('of YBR_FULL become RGB', async () => {
    const pixels = Uint8Array.from({ length: 24 }, (_, i) => (i * 53 + 20) % 256);
    const { pixels: rgb } = await read({ samples: 3, photometric: 'YBR_FULL', pixels });
    expect([...rgb]).toEqual(
      Array.from({ length: 8 }, (_, i) => rgbOf(pixels[3 * i]!, pixels[3 * i + 1]!, pixels[3 * i + 2]!)).flat(),
    );
  });

  it('of YBR_FULL_422 share their chroma between two pixels', async () => {
    const pixels = Uint8Array.from({ length: 16 }, (_, i) => (i * 53 + 20) % 256);
    const { pixels: rgb } = await read({ samples: 3, photometric: 'YBR_FULL_422', pixels });
    const expected = Array.from({ length: 8 }, (_, i) => {
      const pair = 4 * (i >> 1);
      return rgbOf(pixels[pair + (i % 2)]!, pixels[pair + 2]!, pixels[pair + 3]!);
    });
    expect([...rgb]).toEqual(expected.flat());
  });

  it.each([8, 16])('come from a palette of %d bits', async bits => {
    const scale = bits === 8 ? 1 : 257;
    const entries = [0, 1, 2].map(c => Array.from({ length: 8 }, (_, i) => (i * 30 + c * 7) * scale));
    const elements = entries.flatMap((values, c): Element[] => [
      [0x00281101 + c, 'US', [8, 0, bits]],
      [0x00281201 + c, 'OW', values],
    ]);
    const pixels = Uint8Array.of(7, 6, 5, 4, 3, 2, 1, 0);
    const { pixels: rgb } = await read({ photometric: 'PALETTE COLOR', pixels, elements });
    expect([...rgb]).toEqual([...pixels].flatMap(index => entries.map(values => values[index]! / scale)));
  });
});
