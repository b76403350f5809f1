import { expect, it } from 'vitest';
import { formatProbability, formatValue } from '../../src/web/parts/words.ts';
import { scaleOf } from '../../src/web/shared/shown_map.ts';
import { formatRoute, parseRoute } from '../../src/web/state/route.ts';

it('parses an address that it formatted to the same values', () => {
  const params = { model: 'file:a b&c=d.pth', layer: 'layer4.2.conv3', pixel: '3,4' };
  expect(parseRoute(formatRoute({ view: 'inspect', params }))).toEqual({ view: 'inspect', params });
  expect(formatRoute({ view: 'look', params: {} })).toBe('#look');
});

it.each(['', '#', '#/', '#?'])('parses %j as the first view', hash => {
  expect(parseRoute(hash)).toEqual({ view: 'look', params: {} });
});

it('never rounds a probability to certainty', () => {
  expect([0.99999, 1, 0.00001, 0, 0.9994, 0.5].map(formatProbability)).toEqual([
    '> 99.9 %',
    '100.0 %',
    '< 0.1 %',
    '0.0 %',
    '99.9 %',
    '50.0 %',
  ]);
});

it('formats values with four digits and a true minus sign', () => {
  expect([0, -1.23456, 12345.6, 0.00012345, 999.96].map(formatValue)).toEqual([
    '0.000',
    '−1.235',
    '1.23e+4',
    '1.23e−4',
    '1000',
  ]);
});

it('spans all maps with one scale, centred on zero if they are signed', () => {
  const shown = (least: number, greatest: number, isSigned: boolean) => ({
    map: { cam: new Float32Array(), upsampled: new Float32Array(), bounds: [least, greatest] as const },
    about: '',
    isSigned,
  });
  expect(scaleOf([shown(-1, 2, false), shown(0, 5, false)], 'jet')).toEqual({ bounds: [-1, 5], colormap: 'jet' });
  expect(scaleOf([shown(-7, 2, true), shown(0, 5, true)], 'jet')).toEqual({ bounds: [-7, 7], colormap: 'signed' });
});
