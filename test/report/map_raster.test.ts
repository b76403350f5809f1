import { describe, expect, it } from 'vitest';
import { colormapTable } from '../../src/report/colormap.ts';
import { layOver, paintMap, SIGNED_ENDS, scaleTable, signedScale } from '../../src/report/map_raster.ts';

describe('paintMap', () => {
  it('maps values between the bounds to table entries, and clamps values outside', () => {
    const rgba = paintMap(Float32Array.of(-3, -2, -0.5, 1, 2, 9), { bounds: [-2, 2], colormap: 'viridis' });
    const table = colormapTable('viridis');
    for (const [i, entry] of [0, 0, 96, 192, 255, 255].entries()) {
      expect([...rgba.subarray(4 * i, 4 * i + 4)]).toEqual([...table.subarray(3 * entry, 3 * entry + 3), 255]);
    }
  });

  it('chooses entries as matplotlib does, and paints NaN black', () => {
    const values = Float32Array.of(-1, 0, 0.5, 0.999, 1, 2, Number.NaN);
    const rgba = paintMap(values, { bounds: [0, 1], colormap: 'gray' });
    expect([...rgba].filter((_, i) => i % 4 === 0)).toEqual([0, 0, 128, 255, 255, 255, 0]);
  });

  it('paints a constant map in the first colour', () => {
    const [r, g, b] = paintMap([5, 5], { bounds: [5, 5], colormap: 'inferno' });
    expect([r, g, b]).toEqual([...colormapTable('inferno').subarray(0, 3)]);
  });

  it('makes the opacity of signed values proportional to their distance from zero', () => {
    const scale = signedScale([-1, 4]);
    expect(scale.bounds).toEqual([-4, 4]);
    const rgba = paintMap([-1, 0, 4], scale);
    expect([...rgba.subarray(0, 4)]).toEqual([...SIGNED_ENDS.negative, 64]);
    expect(rgba[7]).toBe(0);
    expect([...rgba.subarray(8)]).toEqual([...SIGNED_ENDS.positive, 255]);
  });

  it('makes a signed map of zeros fully transparent', () => {
    expect([...paintMap([0, 0], signedScale([0, 0]))].filter((_, i) => i % 4 === 3)).toEqual([0, 0]);
  });
});

it('layOver blends by opacity and alpha', () => {
  const picture = { width: 2, height: 1, pixels: Uint8Array.of(0, 100, 200, 0, 100, 200) };
  const rgba = Uint8ClampedArray.of(200, 200, 200, 255, 200, 200, 200, 0);
  expect([...layOver(picture, rgba, 0.5).pixels]).toEqual([100, 150, 200, 0, 100, 200]);
});

it('scaleTable of the signed scale goes from blue through black to orange', () => {
  const table = scaleTable('signed');
  expect([...table.subarray(0, 3)]).toEqual([...SIGNED_ENDS.negative]);
  expect([...table.subarray(-3)]).toEqual([...SIGNED_ENDS.positive]);
  expect(Math.max(...table.subarray(3 * 127, 3 * 129))).toBeLessThanOrEqual(1);
});
