/** Channel thumbnails on one canvas. Only the visible ones are drawn, so that thousands scroll as smoothly as a few. */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ChannelAtlas, type ChannelValues, channelAtlas } from './channel_atlas.ts';
import { drawTiles } from './draw_tiles.ts';
import { EDGE, gridOf, revealTile, type TileArea, tileAfter, tileUnder } from './tile_grid.ts';

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

export function ChannelTiles(props: ChannelTilesProps) {
  const { name, channels, order, isShared, selected, labelOf, onSelect } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const area = useArea(scroller);
  const atlas = useAtlas(channels, isShared);
  const grid = gridOf(area.width);
  const rows = Math.ceil(order.length / grid.columns);
  usePainting(scroller, () => {
    if (canvas.current && area.width > 0)
      drawTiles(canvas.current, scroller.current!.scrollTop, { ...props, atlas, grid, area });
  });
  const at = selected === undefined ? -1 : Array.prototype.indexOf.call(order, selected);
  // A link may name a channel far down the list.
  useLayoutEffect(() => {
    if (at >= 0 && area.height > 0) revealTile(scroller.current!, grid, at);
  }, [selected, order, grid.columns, area.height]);
  const onKeyDown = (event: KeyboardEvent) => {
    const to = tileAfter(event.key, { at, columns: grid.columns, count: order.length });
    if (to === undefined) return;
    event.preventDefault();
    onSelect(order[to]!);
  };
  const onClick = (event: MouseEvent) => {
    const clicked = tileUnder(event, scroller.current!, grid);
    if (clicked !== undefined && clicked < order.length) onSelect(order[clicked]!);
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
      <div style={{ height: `${Math.max(0, EDGE + rows * grid.rowHeight - area.height)}px` }} />
      <output class="hidden">{selected === undefined ? '' : `Channel ${selected}, ${labelOf(selected)}`}</output>
    </div>
  );
}

/** Returns the visible area, which is empty before the first layout. */
function useArea(scroller: RefObject<HTMLDivElement | null>): TileArea {
  const [area, setArea] = useState<TileArea>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const { current } = scroller;
    const observer = new ResizeObserver(() =>
      setArea({ width: current!.clientWidth - 2 * EDGE, height: current!.clientHeight }),
    );
    observer.observe(current!);
    return () => observer.disconnect();
  }, []);
  return area;
}

/** Calls the latest `paint` after each render, once per frame while scrolling, and when the theme changes. */
function usePainting(scroller: RefObject<HTMLDivElement | null>, paint: () => void): void {
  const latest = useRef(paint);
  latest.current = paint;
  useLayoutEffect(() => latest.current());
  useEffect(() => {
    let frame = 0;
    const onScroll = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        latest.current();
      });
    };
    const { current } = scroller;
    current!.addEventListener('scroll', onScroll, { passive: true });
    const themes = new MutationObserver(() => latest.current());
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      cancelAnimationFrame(frame);
      themes.disconnect();
      current!.removeEventListener('scroll', onScroll);
    };
  }, []);
}

/** Returns the atlas, and creates it only when the activation or the scale changes. */
function useAtlas(channels: ChannelValues, isShared: boolean): ChannelAtlas {
  const kept = useRef<{ values: Float32Array; isShared: boolean; atlas: ChannelAtlas }>(undefined);
  if (kept.current?.values !== channels.values || kept.current.isShared !== isShared)
    kept.current = { values: channels.values, isShared, atlas: channelAtlas(channels, isShared) };
  return kept.current.atlas;
}
