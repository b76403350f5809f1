import { UsageError } from '../errors/index.ts';
import { COLORMAP_TABLES } from './colormap_tables.ts';

export const COLORMAP_NAMES = ['inferno', 'viridis', 'magma', 'turbo', 'jet', 'gray'] as const;

export type ColormapName = (typeof COLORMAP_NAMES)[number];

/**
 * Perceptually uniform: equal steps of the map look equal. Jet, which the tutorial uses, shows edges that do not exist.
 */
export const DEFAULT_COLORMAP: ColormapName = 'inferno';

const ENTRIES = 256;

/** The letter in `COLORMAP_TABLES` for two equal values. */
const NO_STEP = 'E'.charCodeAt(0);

/**
 * Returns a colour map as a table.
 *
 * returns  [256, 3], 0..255; entry i is the colour of the value i / 255
 *
 * Exact: equal to matplotlib's tables, except for gray, where matplotlib truncates some entries to one less.
 *
 * @throws UsageError  there is no map with this name
 */
export function colormapTable(name: string): Uint8Array {
  switch (name) {
    case 'jet':
      return jetTable();
    case 'gray':
      return Uint8Array.from({ length: ENTRIES * 3 }, (_, i) => Math.floor(i / 3));
    case 'viridis':
    case 'inferno':
    case 'magma':
    case 'turbo':
      return decodeTable(COLORMAP_TABLES[name]);
    default:
      throw new UsageError(`colormap: unknown colour map "${name}". Known: ${COLORMAP_NAMES.join(', ')}`);
  }
}

function decodeTable(channels: readonly (readonly [first: number, steps: string])[]): Uint8Array {
  const table = new Uint8Array(ENTRIES * 3);
  channels.forEach(([first, steps], channel) => {
    let value = first;
    table[channel] = value;
    for (let i = 1; i < ENTRIES; i++) {
      value += steps.charCodeAt(i - 1) - NO_STEP;
      table[i * 3 + channel] = value;
    }
  });
  return table;
}

type Point = readonly [position: number, value: number];

/** Source: matplotlib, _cm.py, _jet_data */
const JET: readonly (readonly Point[])[] = [
  [
    [0, 0],
    [0.35, 0],
    [0.66, 1],
    [0.89, 1],
    [1, 0.5],
  ],
  [
    [0, 0],
    [0.125, 0],
    [0.375, 1],
    [0.64, 1],
    [0.91, 0],
    [1, 0],
  ],
  [
    [0, 0.5],
    [0.11, 1],
    [0.34, 1],
    [0.65, 0],
    [1, 0],
  ],
];

function jetTable(): Uint8Array {
  const table = new Uint8Array(ENTRIES * 3);
  JET.forEach((points, channel) => {
    for (let i = 0; i < ENTRIES; i++) table[i * 3 + channel] = Math.floor(255 * interpolate(points, i));
  });
  return table;
}

/**
 * Interpolates in the order of matplotlib's `_create_lookup_table`; any other order rounds some entries differently.
 */
function interpolate(points: readonly Point[], entry: number): number {
  const last = ENTRIES - 1;
  if (entry === 0) return points[0]![1];
  if (entry === last) return points.at(-1)![1];
  const next = points.findIndex(([position]) => position * last >= entry);
  const [x0, y0] = points[next - 1]!;
  const [x1, y1] = points[next]!;
  const distance = (entry - x0 * last) / (x1 * last - x0 * last);
  return distance * (y1 - y0) + y0;
}
