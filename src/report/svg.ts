import { escapeMarkup } from './words.ts';

/** The title and description of a chart, which screen readers read out. */
export interface ChartText {
  readonly title: string;
  readonly description: string;
}

/** Line colours that are legible on light and dark backgrounds; a page may set the variables. */
export const SERIES_COLOURS = ['var(--series-1, #3572d4)', 'var(--series-2, #d97721)', 'var(--series-3, #3a9a66)'];

/** The inner rectangle of a chart in SVG units. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Axis {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** Builds an SVG document that fills its container's width and takes its colour from the surrounding text. */
export function svgDocument(text: ChartText, size: { width: number; height: number }, body: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="currentColor">` +
    `<title>${escapeMarkup(text.title)}</title><desc>${escapeMarkup(text.description)}</desc>${body}</svg>`
  );
}

export interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly weight?: number;
  readonly faint?: boolean;
  readonly turn?: number;
}

export function svgText(text: string, x: number, y: number, options: TextOptions = {}): string {
  const { anchor = 'start', size = 12, weight = 400, faint = false, turn } = options;
  const turned = turn === undefined ? '' : ` transform="rotate(${turn} ${n(x)} ${n(y)})"`;
  return (
    `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" font-size="${size}" font-weight="${weight}"` +
    `${faint ? ' opacity="0.68"' : ''}${turned}>${escapeMarkup(text)}</text>`
  );
}

/** Draws a line through points; points that are not finite leave gaps. */
export function svgLine(points: readonly (readonly [number, number])[], style: string): string {
  return `<path d="${pathOf(points)}" fill="none" style="${style}"/>`;
}

/** Fills the area that points enclose. */
export function svgArea(points: readonly (readonly [number, number])[], style: string): string {
  return `<path d="${pathOf(points)}Z" stroke="none" style="${style}"/>`;
}

function pathOf(points: readonly (readonly [number, number])[]): string {
  let path = '';
  let pen = 'M';
  for (const [x, y] of points) {
    const drawn = Number.isFinite(x) && Number.isFinite(y);
    if (drawn) path += `${pen}${n(x)} ${n(y)}`;
    pen = drawn ? 'L' : 'M';
  }
  return path;
}

/** Draws grid lines, tick labels and both axis labels. */
export function svgAxes(frame: Frame, x: Axis, y: Axis): string {
  const { left, top, width, height } = frame;
  const bottom = top + height;
  const grid = 'stroke:currentColor;stroke-opacity:0.13';
  const parts: string[] = [];
  for (const tick of y.ticks) {
    const at = placeY(frame, y, tick.at);
    parts.push(
      svgLine(
        [
          [left, at],
          [left + width, at],
        ],
        grid,
      ),
    );
    parts.push(svgText(tick.text, left - 8, at + 4, { anchor: 'end', faint: true, size: 11 }));
  }
  for (const tick of x.ticks) {
    const at = placeX(frame, x, tick.at);
    parts.push(svgText(tick.text, at, bottom + 17, { anchor: 'middle', faint: true, size: 11 }));
  }
  parts.push(
    svgLine(
      [
        [left, bottom],
        [left + width, bottom],
      ],
      'stroke:currentColor;stroke-opacity:0.45',
    ),
  );
  parts.push(svgText(x.label, left + width / 2, bottom + 36, { anchor: 'middle', faint: true }));
  parts.push(svgText(y.label, 14, top + height / 2, { anchor: 'middle', faint: true, turn: -90 }));
  return parts.join('');
}

export function placeX(frame: Frame, axis: Axis, value: number): number {
  return frame.left + (frame.width * (value - axis.min)) / (axis.max - axis.min || 1);
}

export function placeY(frame: Frame, axis: Axis, value: number): number {
  return frame.top + frame.height * (1 - (value - axis.min) / (axis.max - axis.min || 1));
}

/** Creates an axis with round limits that covers the range: about five ticks in steps of 1, 2, 2.5 or 5. */
export function roundAxis(label: string, low: number, high: number): Axis {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find(factor => factor * power >= rough)! * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const digits = (String(Number(step.toPrecision(2))).split('.')[1] ?? '').length;
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => {
    const at = (first + i) * step;
    return { at, text: at.toFixed(digits) };
  });
  return { label, min: first * step, max: last * step, ticks };
}

function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}
