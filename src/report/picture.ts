import { ShapeError } from '../errors/index.ts';

/** Red, green, blue, 0..255. */
export type Colour = readonly [number, number, number];

/** An RGB raster that can be drawn on. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], 0..255. */
  readonly pixels: Uint8Array;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function createPicture(width: number, height: number, background: Colour = [0, 0, 0]): Picture {
  const picture = { width, height, pixels: new Uint8Array(width * height * 3) };
  fillRectangle(picture, { x: 0, y: 0, width, height }, background);
  return picture;
}

/** Fills a rectangle; parts outside the picture are cut off. */
export function fillRectangle(picture: Picture, rectangle: Rectangle, colour: Colour): void {
  const right = Math.min(picture.width, rectangle.x + rectangle.width);
  const bottom = Math.min(picture.height, rectangle.y + rectangle.height);
  for (let y = Math.max(0, rectangle.y); y < bottom; y++) {
    for (let x = Math.max(0, rectangle.x); x < right; x++) picture.pixels.set(colour, (y * picture.width + x) * 3);
  }
}

/** Copies a picture into another, with its top left corner at x, y; parts outside are cut off. */
export function drawPicture(target: Picture, source: Picture, at: { x: number; y: number }): void {
  const left = Math.max(0, at.x);
  const right = Math.min(target.width, at.x + source.width);
  if (right <= left) return;
  for (let y = Math.max(0, at.y); y < Math.min(target.height, at.y + source.height); y++) {
    const from = ((y - at.y) * source.width + left - at.x) * 3;
    const row = source.pixels.subarray(from, from + (right - left) * 3);
    target.pixels.set(row, (y * target.width + left) * 3);
  }
}

/** Blends a pixel towards a colour: a share of 0 keeps the pixel, 1 replaces it. */
export function blendPixel(
  picture: Picture,
  at: { x: number; y: number },
  ink: { colour: Colour; share: number },
): void {
  if (at.x < 0 || at.y < 0 || at.x >= picture.width || at.y >= picture.height) return;
  const offset = (at.y * picture.width + at.x) * 3;
  for (let c = 0; c < 3; c++) {
    const old = picture.pixels[offset + c]!;
    picture.pixels[offset + c] = Math.round(old + (ink.colour[c]! - old) * ink.share);
  }
}

/**
 * Enlarges a picture by `factor`, for display only.
 *
 * `nearest` keeps the pixels visible; `linear` smooths between their centres.
 */
export function enlarge(source: Picture, factor: number, how: 'nearest' | 'linear' = 'linear'): Picture {
  return resample(source, { width: source.width * factor, height: source.height * factor, how });
}

/** Scales a picture to fit into `size`, keeping its proportions. Shrinking averages areas. */
export function fitInto(source: Picture, size: { width: number; height: number }): Picture {
  const scale = Math.min(size.width / source.width, size.height / source.height);
  const width = Math.max(1, Math.round(source.width * scale));
  const height = Math.max(1, Math.round(source.height * scale));
  return scale >= 1 ? resample(source, { width, height, how: 'linear' }) : averageAreas(source, width, height);
}

function resample(source: Picture, to: { width: number; height: number; how: 'nearest' | 'linear' }): Picture {
  const columns = axisWeights(source.width, to.width, to.how);
  const rows = axisWeights(source.height, to.height, to.how);
  const result = createPicture(to.width, to.height);
  const at = (y: number, x: number, c: number) => source.pixels[(y * source.width + x) * 3 + c]!;
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      for (let c = 0; c < 3; c++) {
        const upper = at(row.low, column.low, c) * (1 - column.share) + at(row.low, column.high, c) * column.share;
        const lower = at(row.high, column.low, c) * (1 - column.share) + at(row.high, column.high, c) * column.share;
        result.pixels[(y * to.width + x) * 3 + c] = Math.round(upper * (1 - row.share) + lower * row.share);
      }
    }
  }
  return result;
}

/** Returns the two source pixels that each new pixel is between, and its position from the first to the second. */
function axisWeights(from: number, to: number, how: 'nearest' | 'linear') {
  return Array.from({ length: to }, (_, i) => {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const position = Math.max(0, Math.min(from - 1, how === 'nearest' ? Math.round(centre) : centre));
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, from - 1), share: position - low };
  });
}

function averageAreas(source: Picture, width: number, height: number): Picture {
  const result = createPicture(width, height);
  const edges = (from: number, to: number, i: number) => {
    const start = Math.floor((i * from) / to);
    return [start, Math.max(start + 1, Math.floor(((i + 1) * from) / to))] as const;
  };
  for (let y = 0; y < height; y++) {
    const [top, bottom] = edges(source.height, height, y);
    for (let x = 0; x < width; x++) {
      const [left, right] = edges(source.width, width, x);
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let v = top; v < bottom; v++) {
          for (let u = left; u < right; u++) sum += source.pixels[(v * source.width + u) * 3 + c]!;
        }
        result.pixels[(y * width + x) * 3 + c] = Math.round(sum / ((bottom - top) * (right - left)));
      }
    }
  }
  return result;
}

/** Checks a picture's size. @throws ShapeError  the pixels are not [height, width, 3] */
export function checkPicture(picture: Picture, name: string): void {
  const { width, height, pixels } = picture;
  if (pixels.length === width * height * 3) return;
  throw new ShapeError(`${name}: ${height} x ${width} x 3 needs ${width * height * 3} bytes, got ${pixels.length}`);
}
