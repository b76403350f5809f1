import {
  type Axis,
  type Frame,
  placeX,
  placeY,
  SERIES_COLOURS,
  svgAxes,
  svgDocument,
  svgLine,
  svgText,
} from '../report/svg.ts';
import { escapeMarkup } from '../report/words.ts';
import { adapterLabel } from './environment.ts';
import { type KernelResult, type KernelRow, timeOf } from './kernel_result.ts';
import type { Peaks } from './peaks.ts';
import { digits } from './table.ts';

/** Sizes of the picture and of the area between the axes, in pixels. */
interface Layout {
  readonly size: { readonly width: number; readonly height: number };
  readonly frame: Frame;
  /** Legend and limits take one line each. */
  readonly isNarrow: boolean;
}

const WIDE: Layout = {
  size: { width: 760, height: 470 },
  frame: { left: 62, top: 84, width: 670, height: 324 },
  isNarrow: false,
};
/** For the width of a phone, with the same font size. */
const NARROW: Layout = {
  size: { width: 360, height: 496 },
  frame: { left: 52, top: 158, width: 298, height: 280 },
  isNarrow: true,
};
/** Height of a label in pixels. */
const LABEL_HEIGHT = 15;

interface Point {
  readonly row: KernelRow;
  /** Operations per byte. */
  readonly intensity: number;
  readonly gflops: number;
}

/**
 * Draws every kernel of a result by its operations per byte and its rate, under the adapter's measured limits. Both
 * axes are logarithmic. Kernels that need fewer operations than are counted, such as Winograd's, can be above the roof.
 */
export function rooflineChart({ rows, peaks, environment }: KernelResult, { isNarrow = false } = {}): string {
  const layout = isNarrow ? NARROW : WIDE;
  const { size, frame } = layout;
  const points = rows
    .filter(row => row.flop !== undefined)
    .map(row => ({ row, intensity: row.flop! / row.bytes, gflops: row.flop! / timeOf(row) / 1e6 }));
  const x = logAxis('useful operations per byte', [0.1, 100, ...points.map(({ intensity }) => intensity)]);
  const y = logAxis('GFLOP/s', [peaks.fmaGflops * 1.5, peaks.fmaGflops / 100, ...points.map(({ gflops }) => gflops)]);
  const at = ({ intensity, gflops }: { intensity: number; gflops: number }) =>
    [placeX(frame, x, Math.log10(intensity)), placeY(frame, y, Math.log10(gflops))] as const;
  const roofs = [
    roof(peaks, Math.max(peaks.copyGBps, peaks.triadGBps), { x, y, at, style: 'stroke-width:2' }),
    roof(peaks, peaks.cachedTriadGBps, { x, y, at, style: 'stroke-width:1.5;stroke-dasharray:5 4' }),
  ];
  const title = 'Roofline';
  const bandwidth = digits(Math.max(peaks.copyGBps, peaks.triadGBps));
  const adapter = adapterLabel(environment.adapter);
  const description = `${points.length} kernels on ${adapter}: at most ${digits(peaks.fmaGflops)} GFLOP/s and ${bandwidth} GB/s`;
  const best = points.reduce((a, { gflops }) => Math.max(a, gflops), 0);
  const limits = [
    `multiply-add ${digits(peaks.fmaGflops)} GFLOP/s · memory ${bandwidth} GB/s`,
    `caches ${digits(peaks.cachedTriadGBps)} GB/s (dashed) · fastest kernel ${digits(best)} GFLOP/s`,
  ];
  const lines = isNarrow ? [adapter, ...limits] : [limits.join(' · ')];
  const textLeft = isNarrow ? 8 : frame.left;
  const body =
    svgText(isNarrow ? title : `${title} of ${adapter}`, textLeft, 24, { size: 15, weight: 600 }) +
    lines.map((line, i) => svgText(line, textLeft, 44 + 16 * i, { faint: true })).join('') +
    legend(layout) +
    svgAxes(frame, x, y) +
    roofs.join('') +
    points.map(point => dot(point, at(point))).join('') +
    labels(
      points.map(point => ({ point, at: at(point) })),
      layout,
    );
  return svgDocument({ title, description }, size, body);
}

interface Place {
  readonly x: Axis;
  readonly y: Axis;
  readonly at: (point: { intensity: number; gflops: number }) => readonly [number, number];
  readonly style: string;
}

/** Draws the slope of a bandwidth up to the plateau of the multiply-adds, clipped to the axes. */
function roof({ fmaGflops }: Peaks, gbps: number, { x, y, at, style }: Place): string {
  const least = Math.max(10 ** x.min, 10 ** y.min / gbps);
  const ridge = Math.min(Math.max(fmaGflops / gbps, least), 10 ** x.max);
  const ends = [least, ridge, 10 ** x.max].map(intensity =>
    at({ intensity, gflops: Math.min(fmaGflops, intensity * gbps) }),
  );
  return svgLine(ends, `stroke:currentColor;stroke-opacity:0.6;stroke-linejoin:round;${style}`);
}

const SERIES = ['convolution, direct', 'convolution, Winograd: fewer operations than counted', 'other'];

function seriesOf({ operation, kernels }: KernelRow): number {
  if (operation !== 'conv2d') return 2;
  return kernels.some(kernel => kernel.startsWith('winograd')) ? 1 : 0;
}

/** Draws the legend: in a row, or in a narrow layout in a column. */
function legend({ frame, isNarrow }: Layout): string {
  let left = frame.left + 4;
  return SERIES.map((name, i) => {
    const [x, y] = isNarrow ? [12, 98 + 17 * i] : [left, 62];
    left += 24 + name.length * 6.2;
    return `<circle cx="${x}" cy="${y}" r="4" style="fill:${SERIES_COLOURS[i]}"/>${svgText(name, x + 10, y + 4, { size: 11 })}`;
  }).join('');
}

function dot({ row }: Point, [x, y]: readonly [number, number]): string {
  const name = `${row.operation} ${row.shape} by ${row.variant}: ${digits(row.gflops)} GFLOP/s`;
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" style="fill:${SERIES_COLOURS[seriesOf(row)]};fill-opacity:0.8"><title>${escapeMarkup(name)}</title></circle>`;
}

/** Labels the points that have room for it, slowest first: those are the interesting ones. */
function labels(
  points: readonly { readonly point: Point; readonly at: readonly [number, number] }[],
  { size, frame }: Layout,
): string {
  const taken = points.map(({ at: [x, y] }) => ({ left: x - 5, right: x + 5, y }));
  const sorted = [...points].sort((a, b) => a.point.gflops - b.point.gflops);
  return sorted
    .map(({ point: { row }, at: [x, y] }) => {
      const text = row.operation === 'conv2d' ? row.shape.replace(/, relu$/, '') : row.operation;
      const width = text.length * 5.2;
      const isRight = x + 8 + width > size.width;
      const left = isRight ? x - 8 - width : x + 8;
      const box = { left, right: left + width, y };
      const isFree =
        left > frame.left &&
        taken.every(
          other => Math.abs(other.y - y) > LABEL_HEIGHT / 1.5 || other.right < box.left || other.left > box.right,
        );
      if (!isFree) return '';
      taken.push(box);
      return svgText(text, isRight ? x - 8 : x + 8, y + 3.5, {
        size: 9,
        faint: true,
        anchor: isRight ? 'end' : 'start',
      });
    })
    .join('');
}

/**
 * Returns an axis that contains all values, with ticks at powers of ten and, if those are few, at 2 and 5 times them.
 */
function logAxis(label: string, values: readonly number[]): Axis {
  const logs = values.filter(value => value > 0).map(Math.log10);
  const [min, max] = [Math.floor(Math.min(...logs) * 5) / 5, Math.ceil(Math.max(...logs) * 5) / 5];
  const steps = max - min > 3.5 ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(min); power <= Math.ceil(max); power++)
    for (const step of steps) {
      const at = power + Math.log10(step);
      if (at >= min && at <= max) ticks.push({ at, text: String(Number((step * 10 ** power).toPrecision(1))) });
    }
  return { label, min, max, ticks };
}
