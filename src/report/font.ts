import { MISSING_STROKES, STROKES } from './font_strokes.ts';
import { blendPixel, type Colour, type Picture } from './picture.ts';

export interface TextStyle {
  /** Height of capitals in pixels. */
  readonly size: number;
  readonly colour: Colour;
  readonly bold?: boolean;
  /** The point of the text that `x` refers to; left by default. */
  readonly align?: 'left' | 'centre' | 'right';
}

type Point = readonly [x: number, y: number];

interface Glyph {
  readonly width: number;
  /** Pairs of points. Curves consist of short straight segments. */
  readonly segments: readonly (readonly [Point, Point])[];
}

const CAPITAL_UNITS = 10;
const GAP_UNITS = 3;
const SPACE_UNITS = 3;
const DIGIT_UNITS = 5;
const CURVE_PIECES = 8;

const glyphs = new Map<string, Glyph>();

/**
 * Draws one line of text with its capitals between y and y + size. It omits accents, and draws a box for characters
 * that the typeface does not have.
 *
 * returns  the width in pixels
 */
export function drawText(picture: Picture, text: string, at: { x: number; y: number } & TextStyle): number {
  const scale = at.size / CAPITAL_UNITS;
  const width = measureText(text, at.size);
  const start = at.x - (at.align === 'right' ? width : at.align === 'centre' ? width / 2 : 0);
  const pen = { colour: at.colour, radius: (at.size * (at.bold ? 0.17 : 0.115)) / 2 };
  let x = start;
  for (const character of plain(text)) {
    const glyph = glyphOf(character);
    drawGlyph(picture, glyph, { x, y: at.y, scale, ...pen });
    x += (glyph.width + GAP_UNITS) * scale;
  }
  return width;
}

/** Returns the width of a line in pixels; `size` is the height of capitals. */
export function measureText(text: string, size: number): number {
  const units = plain(text).reduce((sum, character) => sum + glyphOf(character).width + GAP_UNITS, -GAP_UNITS);
  return Math.max(0, (units * size) / CAPITAL_UNITS);
}

/** Returns the text, or as much of its beginning as fits, followed by an ellipsis. */
export function fitText(text: string, size: number, width: number): string {
  if (measureText(text, size) <= width) return text;
  let kept = [...text];
  while (kept.length > 0 && measureText(`${kept.join('')}\u2026`, size) > width) kept = kept.slice(0, -1);
  return `${kept.join('').trimEnd()}\u2026`;
}

function plain(text: string): string[] {
  const dashes = text.replace(/[\u2010-\u2015\u2212]/g, '-').replace(/[\u2018\u2019]/g, "'");
  return [...dashes.normalize('NFD').replace(/\p{Mn}/gu, '')];
}

function glyphOf(character: string): Glyph {
  let glyph = glyphs.get(character);
  if (glyph === undefined) {
    glyph = parseGlyph(character);
    glyphs.set(character, glyph);
  }
  return glyph;
}

function parseGlyph(character: string): Glyph {
  if (character === ' ') return { width: SPACE_UNITS, segments: [] };
  const strokes = STROKES[character] ?? MISSING_STROKES;
  const points = strokes.split(' ').map(parseStroke);
  const segments = points.flatMap(line => line.slice(1).map((point, i) => [line[i]!, point] as const));
  const drawn = Math.max(...points.flat().map(([x]) => x));
  return { width: /\d/.test(character) ? DIGIT_UNITS : drawn, segments };
}

function parseStroke(stroke: string): Point[] {
  const points = (stroke.replace('~', '').match(/../g) ?? []).map(
    pair => [Number.parseInt(pair[0]!, 36), Number.parseInt(pair[1]!, 36)] as const,
  );
  return stroke.startsWith('~') ? spline(points) : points;
}

/** Samples a B-spline from end to end; between two control points it passes through their midpoint. */
function spline(control: readonly Point[]): Point[] {
  const curve: Point[] = [control[0]!];
  const last = control.length - 1;
  for (let i = 1; i < last; i++) {
    const from = i === 1 ? control[0]! : midpoint(control[i - 1]!, control[i]!);
    const to = i === last - 1 ? control[last]! : midpoint(control[i]!, control[i + 1]!);
    for (let k = 1; k <= CURVE_PIECES; k++) curve.push(bend(from, control[i]!, { to, t: k / CURVE_PIECES }));
  }
  return curve;
}

function midpoint(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function bend(from: Point, by: Point, { to, t }: { to: Point; t: number }): Point {
  const mix = (c: 0 | 1) => (1 - t) * (1 - t) * from[c] + 2 * t * (1 - t) * by[c] + t * t * to[c];
  return [mix(0), mix(1)];
}

interface Pen {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly radius: number;
  readonly colour: Colour;
}

/** Draws a glyph. The ink on a pixel depends on how far its centre is inside the stroke. */
function drawGlyph(picture: Picture, glyph: Glyph, pen: Pen): void {
  if (glyph.segments.length === 0) return;
  const segments = glyph.segments.map(([a, b]) => [place(a, pen), place(b, pen)] as const);
  const xs = segments.flatMap(([a, b]) => [a[0], b[0]]);
  const ys = segments.flatMap(([a, b]) => [a[1], b[1]]);
  const margin = pen.radius + 1;
  for (let y = Math.floor(Math.min(...ys) - margin); y <= Math.max(...ys) + margin; y++) {
    for (let x = Math.floor(Math.min(...xs) - margin); x <= Math.max(...xs) + margin; x++) {
      const distance = Math.min(...segments.map(segment => distanceTo(segment, [x + 0.5, y + 0.5])));
      const share = Math.max(0, Math.min(1, pen.radius + 0.5 - distance));
      if (share > 0) blendPixel(picture, { x, y }, { colour: pen.colour, share });
    }
  }
}

function place([x, y]: Point, pen: Pen): Point {
  return [pen.x + x * pen.scale, pen.y + y * pen.scale];
}

function distanceTo([a, b]: readonly [Point, Point], p: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length;
  const t = Math.max(0, Math.min(1, along));
  return Math.hypot(a[0] + t * dx - p[0], a[1] + t * dy - p[1]);
}
