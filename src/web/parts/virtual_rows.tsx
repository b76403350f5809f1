/** A long list of rows of equal height. Only the visible rows are in the document. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface VirtualRowsProps {
  readonly label: string;
  readonly count: number;
  /** Height of a row, in CSS pixels. */
  readonly rowHeight: number;
  /** The row to scroll into view when it changes. */
  readonly selected?: number;
  readonly onSelect: (index: number) => void;
  /** Returns a row's key and content. */
  readonly row: (index: number) => { readonly key: string | number; readonly content: ComponentChildren };
}

/** Extra rows above and below, so that fast scrolling shows no gap. */
const BEYOND = 4;

export function VirtualRows({ label, count, rowHeight, selected, onSelect, row }: VirtualRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const { current } = scroller;
    const look = () => setView({ top: current!.scrollTop, height: current!.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(current!);
    current!.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      current!.removeEventListener('scroll', look);
    };
  }, []);
  const reveal = (index: number) => {
    const { current } = scroller;
    const top = index * rowHeight;
    if (top < current!.scrollTop) current!.scrollTop = top;
    if (top + rowHeight > current!.scrollTop + current!.clientHeight)
      current!.scrollTop = top + rowHeight - current!.clientHeight;
  };
  useLayoutEffect(() => {
    if (selected !== undefined) reveal(selected);
  }, [selected]);
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, Home: -count, End: count };
    const step = steps[event.key];
    if (step === undefined || event.target !== scroller.current) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(count - 1, (selected ?? -1) + step));
    onSelect(to);
  };
  const first = Math.max(0, Math.floor(view.top / rowHeight) - BEYOND);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + BEYOND);
  return (
    <div ref={scroller} class="virtual-rows" role="application" aria-label={label} onKeyDown={onKeyDown}>
      <ul style={{ height: `${count * rowHeight}px` }}>
        {Array.from({ length: Math.max(0, last - first) }, (_, i) => {
          const index = first + i;
          const { key, content } = row(index);
          return (
            <li
              key={key}
              class="virtual-row"
              aria-posinset={index + 1}
              aria-setsize={count}
              data-selected={index === selected}
              style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
            >
              {content}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
