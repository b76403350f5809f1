/** Draws the thumbnails of `ChannelTiles`. */
import type { ChannelAtlas, ChannelValues } from './channel_atlas.ts';
import { EDGE, GAP, type TileArea, type TileGrid } from './tile_grid.ts';

export interface TileDrawing {
  readonly channels: ChannelValues;
  readonly order: ArrayLike<number>;
  readonly selected?: number;
  readonly isOff?: (channel: number) => boolean;
  readonly labelOf: (channel: number) => string;
  readonly atlas: ChannelAtlas;
  readonly grid: TileGrid;
  readonly area: TileArea;
}

/** Draws the thumbnails that are visible at a scroll position. */
export function drawTiles(canvas: HTMLCanvasElement, scrollTop: number, drawing: TileDrawing): void {
  const { channels, order, atlas, grid, area } = drawing;
  const { columns, tile, rowHeight } = grid;
  const ratio = globalThis.devicePixelRatio;
  resize(canvas, area, ratio);
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, area.width + 2 * EDGE, area.height);
  context.imageSmoothingEnabled = channels.shape[2] > tile * ratio;
  const style = getComputedStyle(canvas);
  context.font = style.font;
  context.textBaseline = 'top';
  const colours = {
    soft: style.getPropertyValue('--stage-soft'),
    ink: style.getPropertyValue('--stage-ink'),
    line: style.getPropertyValue('--stage-line'),
  };
  const first = columns * Math.max(0, Math.floor((scrollTop - EDGE) / rowHeight));
  const end = Math.min(order.length, columns * Math.ceil((scrollTop + area.height) / rowHeight));
  atlas.paint(Array.from({ length: end - first }, (_, i) => order[first + i]!));
  for (let position = first; position < end; position++) {
    const x = EDGE + (position % columns) * (tile + GAP);
    const y = EDGE + Math.floor(position / columns) * rowHeight - scrollTop;
    drawTile(context, { channel: order[position]!, x, y, colours }, drawing);
  }
  context.globalAlpha = 1;
}

function resize(canvas: HTMLCanvasElement, area: TileArea, ratio: number): void {
  const [width, height] = [Math.round((area.width + 2 * EDGE) * ratio), Math.round(area.height * ratio)];
  if (canvas.width === width && canvas.height === height) return;
  Object.assign(canvas, { width, height });
  Object.assign(canvas.style, { width: `${area.width + 2 * EDGE}px`, height: `${area.height}px` });
}

interface Tile {
  readonly channel: number;
  readonly x: number;
  readonly y: number;
  readonly colours: { readonly soft: string; readonly ink: string; readonly line: string };
}

function drawTile(context: CanvasRenderingContext2D, { channel, x, y, colours }: Tile, drawing: TileDrawing): void {
  const { channels, selected, isOff, labelOf, atlas, grid } = drawing;
  const [, height, width] = channels.shape;
  const { tile } = grid;
  const from = atlas.place(channel);
  context.globalAlpha = isOff?.(channel) ? 0.25 : 1;
  context.fillStyle = '#000';
  context.fillRect(x, y, tile, tile);
  context.drawImage(atlas.canvas, from.x, from.y, width, height, x, y, tile, tile);
  const isSelected = channel === selected;
  context.strokeStyle = isSelected ? '#fff' : colours.line;
  context.lineWidth = isSelected ? 2 : 1;
  const inset = isSelected ? 1 : 0.5;
  context.strokeRect(x + inset, y + inset, tile - 2 * inset, tile - 2 * inset);
  context.fillStyle = isSelected ? colours.ink : colours.soft;
  context.textAlign = 'left';
  context.fillText(String(channel), x, y + tile + 4);
  context.textAlign = 'right';
  context.fillText(labelOf(channel), x + tile, y + tile + 4);
}
