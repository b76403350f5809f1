/** The grid of `ChannelTiles`: where each thumbnail is, and which one a key or a click selects. */
const [LEAST_TILE, LABEL] = [78, 17];

/** Distance between thumbnails, and from them to the edge, in CSS pixels. */
export const [GAP, EDGE] = [8, 12];

export interface TileGrid {
  readonly columns: number;
  /** Width and height of a thumbnail, in CSS pixels. */
  readonly tile: number;
  readonly rowHeight: number;
}

/** The visible part of the grid, without the edges to the left and right, in CSS pixels. */
export interface TileArea {
  readonly width: number;
  readonly height: number;
}

export function gridOf(width: number): TileGrid {
  const columns = Math.max(1, Math.floor((width + GAP) / (LEAST_TILE + GAP)));
  const tile = Math.max(1, Math.floor((width - (columns - 1) * GAP) / columns));
  return { columns, tile, rowHeight: tile + LABEL + GAP };
}

/** Returns the position of the thumbnail that a key selects, or undefined if the key has no meaning. */
export function tileAfter(
  key: string,
  { at, columns, count }: { readonly at: number; readonly columns: number; readonly count: number },
): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  };
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const step = steps[key];
  if (step === undefined) return undefined;
  if (at < 0) return 0;
  const to = at + step;
  return to >= 0 && to < count ? to : at;
}

/** Returns the position of the thumbnail under the pointer, which may be after the last one. */
export function tileUnder(
  { clientX, clientY }: MouseEvent,
  scroller: HTMLElement,
  { columns, tile, rowHeight }: TileGrid,
): number | undefined {
  const { left, top } = scroller.getBoundingClientRect();
  const x = clientX - left - EDGE;
  const y = clientY - top + scroller.scrollTop - EDGE;
  const column = Math.floor(x / (tile + GAP));
  return x >= 0 && y >= 0 && column < columns ? Math.floor(y / rowHeight) * columns + column : undefined;
}

/** Scrolls as little as needed to show a thumbnail. */
export function revealTile(scroller: HTMLElement, { columns, rowHeight }: TileGrid, position: number): void {
  const top = Math.floor(position / columns) * rowHeight + EDGE - GAP;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  if (top + rowHeight > scroller.scrollTop + scroller.clientHeight)
    scroller.scrollTop = top + rowHeight - scroller.clientHeight;
}
