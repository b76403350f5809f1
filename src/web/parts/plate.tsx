/** An X-ray with a map over it, and a probe that follows the pointer or the arrow keys. */
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { type MapScale, paintMap } from '../../report/map_raster.ts';
import { Pixels } from './pixels.tsx';

/** A position on the network's input: column and row, 0..223. */
export interface Probe {
  readonly x: number;
  readonly y: number;
}

export const INPUT_SIDE = 224;

export interface PlateMap {
  /** A square map in row-major order. */
  readonly values: Float32Array;
  readonly scale: MapScale;
  /** 0..1 */
  readonly opacity: number;
}

export interface PlateProps {
  readonly name: string;
  /** Width over height. */
  readonly ratio: number;
  /** The image or canvas below the map. */
  readonly children: ComponentChildren;
  readonly map?: PlateMap;
  readonly probe?: Probe;
  /** `isPinned`: set by a click or a key, not by hovering. */
  readonly onProbe: (probe: Probe | undefined, isPinned: boolean) => void;
  readonly caption: ComponentChildren;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const LONG_STEP = 32;

export function Plate({ name, ratio, children, map, probe, onProbe, caption }: PlateProps) {
  const side = map ? Math.round(Math.sqrt(map.values.length)) : 0;
  const rgba = useMemo(() => map && paintMap(map.values, map.scale), [map?.values, map?.scale]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (event.key === 'Escape') return onProbe(undefined, true);
    if (!step) return;
    event.preventDefault();
    const by = event.shiftKey ? LONG_STEP : 1;
    const from = probe ?? { x: INPUT_SIDE / 2, y: INPUT_SIDE / 2 };
    onProbe({ x: within(from.x + by * step[0]), y: within(from.y + by * step[1]) }, true);
  };
  return (
    <figure class="plate">
      <div class="plate-room">
        <div
          class="plate-view"
          style={{ '--ratio': ratio }}
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the probe is moved with the arrow keys
          tabIndex={0}
          aria-label={`${name}: arrow keys move the probe, with Shift by a cell; Escape removes it`}
          onPointerMove={event => event.pointerType === 'mouse' && onProbe(placeOf(event), false)}
          onPointerLeave={() => onProbe(undefined, false)}
          onClick={event => onProbe(placeOf(event), true)}
          onKeyDown={onKeyDown}
        >
          {children}
          {map && rgba && (
            <Pixels
              class={`plate-map ${side < 100 ? 'cells' : ''}`}
              width={side}
              height={side}
              rgba={rgba}
              opacity={map.opacity}
            />
          )}
          {probe && (
            <i
              class="probe"
              style={{
                left: `${(100 * (probe.x + 0.5)) / INPUT_SIDE}%`,
                top: `${(100 * (probe.y + 0.5)) / INPUT_SIDE}%`,
              }}
            />
          )}
        </div>
        <figcaption>{caption}</figcaption>
      </div>
    </figure>
  );
}

function placeOf({ clientX, clientY, currentTarget }: MouseEvent): Probe {
  const { left, top, width, height } = (currentTarget as Element).getBoundingClientRect();
  return {
    x: within(Math.floor((INPUT_SIDE * (clientX - left)) / width)),
    y: within(Math.floor((INPUT_SIDE * (clientY - top)) / height)),
  };
}

function within(place: number): number {
  return Math.max(0, Math.min(INPUT_SIDE - 1, place));
}
