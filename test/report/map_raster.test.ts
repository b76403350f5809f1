import { describe, expect, it } from 'vitest';
import { applyColormap, colormapTable } from '../../src/report/colormap.ts';
import { layOver, paintMap, SIGNED_ENDS, scaleTable, signedScale } from '../../src/report/map_raster.ts';

describe('paintMap', () => {
  it('takes the colours of applyColormap between the bounds, and the ends outside', () => {
    const values = Float32Array.of(-3, -2, -0.5, 1, 2, 9);
    const rgba = paintMap(values, { bounds: [-2, 2], colormap: 'viridis' });
    const shares = values.map(value => (value + 2) / 4);
    const rgb = applyColormap(shares, 'viridis');
    for (let i = 0; i < values.length; i++) {
      expect([...rgba.subarray(4 * i, 4 * i + 3)]).toEqual([...rgb.subarray(3 * i, 3 * i + 3)]);
      expect(rgba[4 * i + 3]).toBe(255);
    }
  });

  it('gives a constant map the first colour', () => {
    const [r, g, b] = paintMap([5, 5], { bounds: [5, 5], colormap: 'inferno' });
    expect([r, g, b]).toEqual([...colormapTable('inferno').subarray(0, 3)]);
  });

  it('makes signed values as opaque as they are far from zero', () => {
    const scale = signedScale([-1, 4]);
    expect(scale.bounds).toEqual([-4, 4]);
    const rgba = paintMap([-1, 0, 4], scale);
    expect([...rgba.subarray(0, 4)]).toEqual([...SIGNED_ENDS.negative, 64]);
    expect(rgba[7]).toBe(0);
    expect([...rgba.subarray(8)]).toEqual([...SIGNED_ENDS.positive, 255]);
  });

  it('paints nothing where every signed value is zero', () => {
    expect([...paintMap([0, 0], signedScale([0, 0]))].filter((_, i) => i % 4 === 3)).toEqual([0, 0]);
  });
});

it('layOver blends by opacity and alpha', () => {
  const picture = { width: 2, height: 1, pixels: Uint8Array.of(0, 100, 200, 0, 100, 200) };
  const rgba = Uint8ClampedArray.of(200, 200, 200, 255, 200, 200, 200, 0);
  expect([...layOver(picture, rgba, 0.5).pixels]).toEqual([100, 150, 200, 0, 100, 200]);
});

it('scaleTable of the signed scale goes from blue over black to orange', () => {
  const table = scaleTable('signed');
  expect([...table.subarray(0, 3)]).toEqual([...SIGNED_ENDS.negative]);
  expect([...table.subarray(-3)]).toEqual([...SIGNED_ENDS.positive]);
  expect(Math.max(...table.subarray(3 * 127, 3 * 129))).toBeLessThanOrEqual(1);
});
