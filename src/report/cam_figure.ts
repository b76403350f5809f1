import { drawText, fitText, measureText } from './font.ts';
import { scaleTable } from './map_raster.ts';
import {
  type Colour,
  checkPicture,
  createPicture,
  drawPicture,
  enlarge,
  fillRectangle,
  type Picture,
  type Rectangle,
} from './picture.ts';
import { formatRaw } from './words.ts';

export interface CamFigure {
  /** The X-ray, the blend, and the heat map alone; all have the same size. */
  readonly image: Picture;
  readonly overlay: Picture;
  readonly heatMap: Picture;
  readonly verdict: string;
  /** 0..1. */
  readonly probability: number;
  /** The class whose evidence the map shows; the verdict by default. */
  readonly className?: string;
  /** The image's file name. */
  readonly name: string;
  /** A name from `COLORMAP_NAMES`, or `signed`. */
  readonly colormap: string;
  /** The map's range before it was scaled to colours; both are equal for a constant map. */
  readonly min: number;
  readonly max: number;
  /** The ratio of panel size to input size. */
  readonly scale?: number;
}

const BACKGROUND: Colour = [15, 18, 22];
const INK: Colour = [236, 239, 243];
const MUTED: Colour = [150, 160, 172];
const EDGE: Colour = [52, 60, 70];

const MARGIN = 28;
const GAP = 18;
const HEADER = 74;
const FOOTER = 84;
const BAR_WIDTH = 16;
const BAR_LABELS = 84;

/**
 * Composes the figure of one verdict: X-ray, overlay, and heat map with its colour bar in raw units.
 *
 * returns  RGB, ready for encodePng
 *
 * @throws ShapeError  a picture's pixels are not [height, width, 3]
 */
export function composeCamFigure(figure: CamFigure): Picture {
  const { image, overlay, heatMap, scale = 2 } = figure;
  checkPicture(image, 'X-ray');
  checkPicture(overlay, 'overlay');
  checkPicture(heatMap, 'heat map');
  const [panelWidth, panelHeight] = [image.width * scale, image.height * scale];
  const width = 2 * MARGIN + 3 * panelWidth + 2 * GAP + GAP + BAR_WIDTH + BAR_LABELS;
  const canvas = createPicture(width, HEADER + panelHeight + FOOTER, BACKGROUND);
  drawHeader(canvas, figure);
  const shownClass = figure.className ?? figure.verdict;
  const panels = [
    { picture: image, caption: 'X-ray' },
    { picture: overlay, caption: `Evidence for ${shownClass}` },
    { picture: heatMap, caption: 'Heat map alone' },
  ];
  for (const [i, { picture, caption }] of panels.entries()) {
    const x = MARGIN + i * (panelWidth + GAP);
    drawPicture(canvas, enlarge(picture, scale), { x, y: HEADER });
    const text = fitText(caption, 11, panelWidth);
    drawText(canvas, text, { x, y: HEADER + panelHeight + 14, size: 11, colour: MUTED });
  }
  const barX = MARGIN + 3 * panelWidth + 3 * GAP;
  drawColourBar(canvas, { x: barX, y: HEADER, width: BAR_WIDTH, height: panelHeight }, figure);
  drawFooter(canvas);
  return canvas;
}

function drawHeader(canvas: Picture, { verdict, probability, name }: CamFigure): void {
  const y = 30;
  const right = canvas.width - MARGIN;
  const probabilityText = `${(probability * 100).toFixed(1)} %`;
  const verdictText = fitText(verdict, 20, canvas.width / 2);
  let x = MARGIN + drawText(canvas, verdictText, { x: MARGIN, y, size: 20, colour: INK, bold: true }) + 20;
  x += drawText(canvas, probabilityText, { x, y, size: 20, colour: INK }) + 40;
  const label = fitText(name, 12, Math.max(0, right - x));
  if (measureText(label, 12) <= right - x) {
    drawText(canvas, label, { x: right, y: y + 8, size: 12, colour: MUTED, align: 'right' });
  }
}

function drawFooter(canvas: Picture): void {
  const text = 'Raycam. Not a medical device: for research and teaching only.';
  drawText(canvas, text, { x: MARGIN, y: canvas.height - 30, size: 11, colour: MUTED });
}

/** Draws a colour bar with the largest value on top. A constant map gets one label, in the middle. */
function drawColourBar(
  canvas: Picture,
  bar: Rectangle,
  range: { readonly min: number; readonly max: number; readonly colormap: string },
): void {
  const table = scaleTable(range.colormap);
  fillRectangle(canvas, { x: bar.x - 1, y: bar.y - 1, width: bar.width + 2, height: bar.height + 2 }, EDGE);
  for (let row = 0; row < bar.height; row++) {
    const entry = Math.round(255 * (1 - row / Math.max(1, bar.height - 1)));
    const [r, g, b] = table.subarray(entry * 3, entry * 3 + 3);
    fillRectangle(canvas, { x: bar.x, y: bar.y + row, width: bar.width, height: 1 }, [r!, g!, b!]);
  }
  const { min, max } = range;
  const shares = min === max ? [0.5] : [0, 0.25, 0.5, 0.75, 1];
  for (const share of shares) drawTick(canvas, bar, { share, text: formatRaw(max + (min - max) * share, max - min) });
}

function drawTick(canvas: Picture, bar: Rectangle, tick: { share: number; text: string }): void {
  const size = 11;
  const y = Math.round(bar.y + tick.share * (bar.height - 1));
  const x = bar.x + bar.width;
  fillRectangle(canvas, { x, y, width: 5, height: 1 }, MUTED);
  const top = Math.max(bar.y, Math.min(bar.y + bar.height - size, y - size / 2));
  drawText(canvas, tick.text, { x: x + 11, y: top, size, colour: INK });
}
