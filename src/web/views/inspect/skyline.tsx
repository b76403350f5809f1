/**
 * All layers in a row; each bar's height is the width of the layer's output. For the pointer; the list next to it
 * serves the keyboard.
 */
import { useState } from 'preact/hooks';
import type { Operation } from '../../../inspection/operations.ts';
import { linkTo, setParams } from '../../state/route.ts';
import { formatCount, formatMs, formatShape } from './operation_words.ts';

export interface SkylineProps {
  readonly operations: readonly Operation[];
  readonly current: Operation;
  /** Milliseconds by path. */
  readonly times?: Readonly<Record<string, number>>;
}

const [HEIGHT, GROUND] = [58, 34];

export function Skyline({ operations, current, times }: SkylineProps) {
  const [hovered, setHovered] = useState<Operation>();
  const layers = operations.filter(({ layer }) => layer !== undefined);
  const cost = ({ path, flop }: Operation) => times?.[path] ?? flop;
  const dearest = Math.max(...layers.map(cost));
  const starts = layers.flatMap((operation, i) => (stageOf(operation) !== stageOf(layers[i - 1]) ? [i] : []));
  const shown = hovered ?? current;
  const chosen = layers.findLast(operation => operations.indexOf(operation) <= operations.indexOf(current))!;
  const at = (event: MouseEvent): Operation | undefined => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    return layers[Math.floor((layers.length * (event.clientX - left)) / width)];
  };
  return (
    <section class="skyline" aria-label="The network at a glance">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the list of layers serves the keyboard */}
      <svg
        viewBox={`0 0 ${layers.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${layers.length} layers: above the line the width of each output, below it its ${times ? 'time' : 'FLOP'}`}
        onPointerMove={event => setHovered(at(event))}
        onPointerLeave={() => setHovered(undefined)}
        onClick={event => {
          const operation = at(event);
          if (operation) setParams({ layer: operation.path });
        }}
      >
        {layers.map((operation, i) => {
          const height = (GROUND - 3) * Math.sqrt(operation.shape[1] / 112);
          const depth = (HEIGHT - GROUND - 2) * (cost(operation) / dearest);
          const state = operation === chosen ? 'chosen' : operation === hovered ? 'hovered' : '';
          return (
            <g key={operation.path} class={`skyline-layer ${state}`}>
              <rect x={i + 0.12} width={0.76} y={GROUND - height} height={height} />
              <rect class="cost" x={i + 0.12} width={0.76} y={GROUND + 2} height={Math.max(0.6, depth)} />
            </g>
          );
        })}
        {starts.slice(1).map(i => (
          <line key={i} class="skyline-stage" x1={i} x2={i} y1="0" y2={HEIGHT} />
        ))}
      </svg>
      <p class="skyline-words">
        <a class="mono" href={linkTo('inspect', { layer: shown.path })} tabIndex={-1}>
          {shown.path}
        </a>
        <span class="soft">
          {' '}
          {formatShape(shown.shape)} · {formatCount(shown.flop)}FLOP
          {times?.[shown.path] !== undefined && ` · ${formatMs(times[shown.path])} ms`}
        </span>
        <span class="skyline-key soft">above: output width · below: {times ? 'time' : 'FLOP'}</span>
      </p>
    </section>
  );
}

function stageOf(operation: Operation | undefined): string | undefined {
  return operation?.unit.split('.')[0];
}
