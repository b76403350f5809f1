import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../../src/platform/node.ts';
import { composeCamFigure } from '../../src/report/cam_figure.ts';
import { drawText, fitText, measureText } from '../../src/report/font.ts';
import { MISSING_STROKES, STROKES } from '../../src/report/font_strokes.ts';
import { composeGrid } from '../../src/report/grid_figure.ts';
import { createPicture, drawPicture, enlarge, fillRectangle, fitInto, type Picture } from '../../src/report/picture.ts';

const at = ({ width, pixels }: Picture, x: number, y: number) => [
  ...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
const inked = ({ pixels }: Picture) => pixels.filter(value => value > 0).length;

function ramp(width: number, height: number): Picture {
  return { width, height, pixels: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 256) };
}

describe('picture', () => {
  it('cuts off the parts of a picture that are outside the canvas', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8, max: 12 }), fc.integer({ min: -8, max: 12 }), (x, y) => {
        const canvas = createPicture(7, 5, [1, 2, 3]);
        const source = ramp(4, 6);
        drawPicture(canvas, source, { x, y });
        for (let v = 0; v < 5; v++) {
          for (let u = 0; u < 7; u++) {
            const inside = u >= x && u < x + 4 && v >= y && v < y + 6;
            expect(at(canvas, u, v)).toEqual(inside ? at(source, u - x, v - y) : [1, 2, 3]);
          }
        }
      }),
    );
  });

  it('fills rectangles and cuts them off at the canvas', () => {
    const canvas = createPicture(4, 4);
    fillRectangle(canvas, { x: 2, y: -1, width: 9, height: 3 }, [9, 9, 9]);
    expect(inked(canvas)).toBe(2 * 2 * 3);
  });

  it('enlarges by repeating pixels or by linear interpolation', () => {
    const source = { width: 2, height: 1, pixels: Uint8Array.of(0, 0, 0, 100, 100, 100) };
    const reds = (picture: Picture) => [...picture.pixels].filter((_, i) => i % 3 === 0).slice(0, picture.width);
    expect(reds(enlarge(source, 2, 'nearest'))).toEqual([0, 0, 100, 100]);
    expect(reds(enlarge(source, 2, 'linear'))).toEqual([0, 25, 75, 100]);
  });

  it('fits pictures of any size into a rectangle and keeps a flat colour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 }), (width, height) => {
        const fitted = fitInto(createPicture(width, height, [5, 6, 7]), { width: 30, height: 20 });
        expect(Math.max(fitted.width / 30, fitted.height / 20)).toBe(1);
        expect(at(fitted, fitted.width - 1, fitted.height - 1)).toEqual([5, 6, 7]);
      }),
    );
  });
});

describe('font', () => {
  it('has a different glyph for every printable ASCII character', () => {
    const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    expect(ascii.filter(character => STROKES[character] === undefined)).toEqual([]);
    const drawn = [...Object.values(STROKES), MISSING_STROKES];
    expect(drawn.filter((strokes, i) => drawn.indexOf(strokes) !== i)).toEqual([]);
    expect(drawn.every(strokes => /^(~?([0-9a-e]{2})+( |$))*$/.test(strokes))).toBe(true);
  });

  it('draws within the width that it measures, and returns that width', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.integer({ min: 6, max: 24 }), (text, size) => {
        const canvas = createPicture(600, 60);
        const width = drawText(canvas, text, { x: 20, y: 12, size, colour: [255, 255, 255] });
        expect(width).toBe(measureText(text, size));
        for (let y = 0; y < 60; y++) {
          expect(at(canvas, 15, y)).toEqual([0, 0, 0]);
          expect(at(canvas, Math.min(599, Math.ceil(20 + width + 5)), y)).toEqual([0, 0, 0]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('gives all digits the same width, omits accents, and draws a box for unknown characters', () => {
    expect(new Set([...'0123456789'].map(digit => measureText(digit, 10))).size).toBe(1);
    expect(measureText('Müller', 10)).toBe(measureText('Muller', 10));
    expect(measureText('漢', 10)).toBeGreaterThan(0);
    expect(measureText('', 10)).toBe(0);
  });

  it('shortens text to a width', () => {
    expect(fitText('short', 10, 500)).toBe('short');
    const short = fitText('a name that is far too long', 10, 80);
    expect(short).toMatch(/^a name.*\u2026$/);
    expect(measureText(short, 10)).toBeLessThanOrEqual(80);
  });
});

describe('composeCamFigure', () => {
  const figure = {
    image: ramp(8, 8),
    overlay: createPicture(8, 8, [200, 10, 10]),
    heatMap: createPicture(8, 8, [10, 200, 10]),
    verdict: 'PNEUMONIA',
    probability: 0.987,
    name: 'xray.jpeg',
    colormap: 'inferno',
    min: -1,
    max: 2,
    scale: 20,
  };

  it('places the three pictures side by side, with the largest value at the top of the bar', async () => {
    const picture = composeCamFigure(figure);
    expect(picture.pixels.length).toBe(picture.width * picture.height * 3);
    expect(at(picture, 28 + 160 + 18 + 80, 154)).toEqual([200, 10, 10]);
    expect(at(picture, 28 + 2 * (160 + 18) + 80, 154)).toEqual([10, 200, 10]);
    const barX = 28 + 3 * (160 + 18) + 8;
    expect([at(picture, barX, 74), at(picture, barX, 74 + 159)]).toEqual([
      [252, 254, 164],
      [0, 0, 3],
    ]);
    expect((await sharp(await encodePng(picture)).metadata()).width).toBe(picture.width);
  });

  it('keeps its size and its pictures for constant maps, NaN, empty and long names', () => {
    for (const odd of [
      { min: 0, max: 0 },
      { min: Number.NaN, max: Number.NaN },
      { name: '', verdict: '' },
      { name: 'x'.repeat(400), verdict: 'V'.repeat(200), scale: 1 },
    ]) {
      const input = { ...figure, ...odd };
      const picture = composeCamFigure(input);
      const panel = 8 * input.scale;
      expect([picture.width, picture.height]).toEqual([28 + 3 * (panel + 18) + 16 + 84 + 28, 74 + panel + 84]);
      expect(picture.pixels.length).toBe(picture.width * picture.height * 3);
      const [middle, y] = [28 + panel + 18 + panel / 2, 74 + panel / 2];
      expect([at(picture, middle, y), at(picture, middle + panel + 18, y)]).toEqual([
        [200, 10, 10],
        [10, 200, 10],
      ]);
    }
  });

  it('rejects a picture whose pixel count does not match its size', () => {
    expect(() => composeCamFigure({ ...figure, overlay: { width: 8, height: 8, pixels: new Uint8Array(3) } })).toThrow(
      'overlay: 8 x 8 x 3 needs 192 bytes, got 3',
    );
  });
});

describe('composeGrid', () => {
  it('arranges pictures in rows', () => {
    const tiles = [1, 2, 3].map(v => ({ picture: createPicture(10, 10, [v * 50, 0, 0]), title: `class ${v}` }));
    const grid = composeGrid(tiles, { columns: 2, tileSize: 40 });
    expect([grid.width, grid.height]).toEqual([20 + 40 + 10 + 40 + 20, 20 + 64 + 10 + 64 + 20]);
    const centres = [
      [40, 64],
      [90, 64],
      [40, 138],
    ] as const;
    expect(centres.map(([x, y]) => at(grid, x, y)[0])).toEqual([50, 100, 150]);
  });

  it('rejects an empty list of pictures', () => {
    expect(() => composeGrid([])).toThrow('grid: there are no pictures to show. Name a folder with images');
  });
});
