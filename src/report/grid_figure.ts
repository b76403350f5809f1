import { InputError } from '../errors/index.ts';
import { drawText, fitText } from './font.ts';
import { type Colour, checkPicture, createPicture, drawPicture, fitInto, type Picture } from './picture.ts';

export interface GridTile {
  readonly picture: Picture;
  /** Usually the picture's class. */
  readonly title: string;
}

export interface GridOptions {
  /** Pictures per row; 8 by default, as in torchvision's `make_grid`. */
  readonly columns?: number;
  /** Width and height available to each picture, in pixels. */
  readonly tileSize?: number;
  /** Text above the grid. */
  readonly heading?: string;
}

const BACKGROUND: Colour = [15, 18, 22];
const INK: Colour = [236, 239, 243];
const MUTED: Colour = [150, 160, 172];
const GAP = 10;
const MARGIN = 20;
const TITLE = 24;
const TITLE_SIZE = 11;
const HEADING = 44;

/**
 * Arranges pictures of any sizes in rows, each under its title. Proportions are kept.
 *
 * returns  RGB, ready for encodePng
 *
 * @throws InputError  there are no pictures
 * @throws ShapeError  a picture's pixels are not [height, width, 3]
 */
export function composeGrid(tiles: readonly GridTile[], options: GridOptions = {}): Picture {
  if (tiles.length === 0) throw new InputError('grid: there are no pictures to show. Name a folder with images');
  const { tileSize = 180, heading } = options;
  const columns = Math.min(options.columns ?? 8, tiles.length);
  const rows = Math.ceil(tiles.length / columns);
  const top = MARGIN + (heading === undefined ? 0 : HEADING);
  const width = 2 * MARGIN + columns * tileSize + (columns - 1) * GAP;
  const height = top + rows * (TITLE + tileSize) + (rows - 1) * GAP + MARGIN;
  const canvas = createPicture(width, height, BACKGROUND);
  if (heading !== undefined) {
    const text = fitText(heading, 15, width - 2 * MARGIN);
    drawText(canvas, text, { x: MARGIN, y: MARGIN + 4, size: 15, colour: INK, bold: true });
  }
  for (const [i, { picture, title }] of tiles.entries()) {
    checkPicture(picture, title);
    const x = MARGIN + (i % columns) * (tileSize + GAP);
    const y = top + Math.floor(i / columns) * (TITLE + tileSize + GAP);
    drawText(canvas, fitText(title, TITLE_SIZE, tileSize), { x, y: y + 5, size: TITLE_SIZE, colour: MUTED });
    const fitted = fitInto(picture, { width: tileSize, height: tileSize });
    const inset = { x: (tileSize - fitted.width) >> 1, y: (tileSize - fitted.height) >> 1 };
    drawPicture(canvas, fitted, { x: x + inset.x, y: y + TITLE + inset.y });
  }
  return canvas;
}
