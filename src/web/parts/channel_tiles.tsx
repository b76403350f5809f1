/** Channel thumbnails on one canvas. Only the visible ones are drawn, so that thousands scroll as smoothly as a few. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ChannelAtlas, type ChannelValues, channelAtlas } from './channel_atlas.ts';

export interface ChannelTilesProps {
  readonly name: string;
  readonly channels: ChannelValues;
  /** The channels to show, in this order. */
  readonly order: ArrayLike<number>;
  readonly isShared: boolean;
  readonly selected?: number;
  /** Whether a channel is drawn faintly. */
  readonly isOff?: (channel: number) => boolean;
  /** Returns the text below a thumbnail, next to the channel's number. */
  readonly labelOf: (channel: number) => string;
  readonly onSelect: (channel: number) => void;
}

const [LEAST_TILE, GAP, LABEL, EDGE] = [78, 8, 17, 12];

interface Grid {
  readonly columns: number;
  /** Width and height of a thumbnail, in CSS pixels. */
  readonly tile: number;
  readonly rowHeight: number;
}

export function ChannelTiles(props: ChannelTilesProps) {
  const { name, channels, order, isShared, selected, onSelect } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const atlas = useAtlas(channels, isShared);
  const grid = gridOf(size.width);
  const rows = Math.ceil(order.length / grid.columns);

  useLayoutEffect(() => {
    const { current } = scroller;
    const observer = new ResizeObserver(() =>
      setSize({ width: current!.clientWidth - 2 * EDGE, height: current!.clientHeight }),
    );
    observer.observe(current!);
    return () => observer.disconnect();
  }, []);

  const paint = useRef(() => {});
  paint.current = () => {
    if (canvas.current && size.width > 0)
      draw(canvas.current, scroller.current!.scrollTop, { ...props, atlas, grid, size });
  };
  useLayoutEffect(() => paint.current());
  useEffect(() => {
    let frame = 0;
    const onScroll = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        paint.current();
      });
    };
    const { current } = scroller;
    current!.addEventListener('scroll', onScroll, { passive: true });
    const themes = new MutationObserver(() => paint.current());
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      cancelAnimationFrame(frame);
      themes.disconnect();
      current!.removeEventListener('scroll', onScroll);
    };
  }, []);

  const reveal = (position: number) => {
    const top = Math.floor(position / grid.columns) * grid.rowHeight + EDGE - GAP;
    const { current } = scroller;
    if (top < current!.scrollTop) current!.scrollTop = top;
    if (top + grid.rowHeight > current!.scrollTop + size.height)
      current!.scrollTop = top + grid.rowHeight - size.height;
  };
  // A link may name a channel far down the list.
  useLayoutEffect(() => {
    const at = selected === undefined ? -1 : Array.prototype.indexOf.call(order, selected);
    if (at >= 0 && size.height > 0) reveal(at);
  }, [selected, order, grid.columns, size.height]);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = selected === undefined ? -1 : Array.prototype.indexOf.call(order, selected);
    const to = positionAfter(event.key, { at, columns: grid.columns, count: order.length });
    if (to === undefined) return;
    event.preventDefault();
    onSelect(order[to]!);
  };
  const onClick = (event: MouseEvent) => {
    const { left, top } = scroller.current!.getBoundingClientRect();
    const x = event.clientX - left - EDGE;
    const y = event.clientY - top + scroller.current!.scrollTop - EDGE;
    const column = Math.floor(x / (grid.tile + GAP));
    const position = Math.floor(y / grid.rowHeight) * grid.columns + column;
    if (x >= 0 && y >= 0 && column < grid.columns && position < order.length) onSelect(order[position]!);
  };
  return (
    <div
      ref={scroller}
      class="tiles"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the selection
      tabIndex={0}
      aria-label={`${name}: ${order.length} channels, arrow keys select one`}
      data-testid="tiles"
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      <canvas ref={canvas} class="tiles-canvas" />
      <div style={{ height: `${Math.max(0, EDGE + rows * grid.rowHeight - size.height)}px` }} />
      <output class="hidden">{selected === undefined ? '' : `Channel ${selected}, ${props.labelOf(selected)}`}</output>
    </div>
  );
}

/** Returns the atlas, and creates it only when the activation or the scale changes. */
function useAtlas(channels: ChannelValues, isShared: boolean): ChannelAtlas {
  const kept = useRef<{ values: Float32Array; isShared: boolean; atlas: ChannelAtlas }>(undefined);
  if (kept.current?.values !== channels.values || kept.current.isShared !== isShared)
    kept.current = { values: channels.values, isShared, atlas: channelAtlas(channels, isShared) };
  return kept.current.atlas;
}

function gridOf(width: number): Grid {
  const columns = Math.max(1, Math.floor((width + GAP) / (LEAST_TILE + GAP)));
  const tile = Math.max(1, Math.floor((width - (columns - 1) * GAP) / columns));
  return { columns, tile, rowHeight: tile + LABEL + GAP };
}

function positionAfter(
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

interface Drawing extends ChannelTilesProps {
  readonly atlas: ChannelAtlas;
  readonly grid: Grid;
  readonly size: { readonly width: number; readonly height: number };
}

function draw(
  canvas: HTMLCanvasElement,
  scrollTop: number,
  { channels, order, selected, isOff, labelOf, atlas, grid, size }: Drawing,
): void {
  const ratio = globalThis.devicePixelRatio;
  const [width, height] = [Math.round((size.width + 2 * EDGE) * ratio), Math.round(size.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
    Object.assign(canvas.style, { width: `${size.width + 2 * EDGE}px`, height: `${size.height}px` });
  }
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(canvas);
  const [, tileHeight, tileWidth] = channels.shape;
  const { columns, tile, rowHeight } = grid;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width + 2 * EDGE, size.height);
  context.imageSmoothingEnabled = tileWidth > tile * ratio;
  context.font = style.font;
  context.textBaseline = 'top';
  const [soft, ink, line] = ['--stage-soft', '--stage-ink', '--stage-line'].map(name => style.getPropertyValue(name));
  const first = Math.max(0, Math.floor((scrollTop - EDGE) / rowHeight));
  const last = Math.ceil((scrollTop + size.height) / rowHeight);
  const end = Math.min(order.length, last * columns);
  atlas.paint(Array.from({ length: end - first * columns }, (_, i) => order[first * columns + i]!));
  for (let position = first * columns; position < end; position++) {
    const channel = order[position]!;
    const x = EDGE + (position % columns) * (tile + GAP);
    const y = EDGE + Math.floor(position / columns) * rowHeight - scrollTop;
    const from = atlas.place(channel);
    context.globalAlpha = isOff?.(channel) ? 0.25 : 1;
    context.fillStyle = '#000';
    context.fillRect(x, y, tile, tile);
    context.drawImage(atlas.canvas, from.x, from.y, tileWidth, tileHeight, x, y, tile, tile);
    const isSelected = channel === selected;
    context.strokeStyle = isSelected ? '#fff' : line!;
    context.lineWidth = isSelected ? 2 : 1;
    const inset = isSelected ? 1 : 0.5;
    context.strokeRect(x + inset, y + inset, tile - 2 * inset, tile - 2 * inset);
    context.fillStyle = isSelected ? ink! : soft!;
    context.textAlign = 'left';
    context.fillText(String(channel), x, y + tile + 4);
    context.textAlign = 'right';
    context.fillText(labelOf(channel), x + tile, y + tile + 4);
  }
  context.globalAlpha = 1;
}
