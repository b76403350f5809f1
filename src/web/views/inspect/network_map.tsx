/** The network as a list: stem, stages, blocks, end, and every operation of the selected unit. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Operation } from '../../../inspection/operations.ts';
import { linkTo } from '../../state/route.ts';
import { formatCount, formatMs, formatShape, shortName, windowOf } from './operation_words.ts';

export interface NetworkMapProps {
  readonly operations: readonly Operation[];
  readonly current: Operation;
  /** Milliseconds by path. */
  readonly times?: Readonly<Record<string, number>>;
  /** The view that its links open. */
  readonly view: 'inspect' | 'kernels';
}

const TITLES: Readonly<Record<string, string>> = {
  stem: 'Stem',
  layer1: 'Stage 1',
  layer2: 'Stage 2',
  layer3: 'Stage 3',
  layer4: 'Stage 4',
  end: 'End',
};

export function NetworkMap({ operations, current, times, view }: NetworkMapProps) {
  const list = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    list.current!.querySelector('[aria-current=true]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const stages = [...new Set(operations.map(({ unit }) => unit.split('.')[0]!))];
  return (
    <nav ref={list} class="map" aria-label="Layers">
      <p class="map-head" aria-hidden="true">
        <span>layer</span>
        <span>output</span>
        <span title="parameters">param.</span>
        <span>FLOP</span>
        <span>ms</span>
      </p>
      {stages.map(stage => (
        <Stage key={stage} stage={stage} {...{ operations, current, times, view }} />
      ))}
    </nav>
  );
}

function Stage({ stage, operations, current, times, view }: NetworkMapProps & { readonly stage: string }) {
  const own = operations.filter(({ unit }) => unit.split('.')[0] === stage);
  const units = [...new Set(own.map(({ unit }) => unit))];
  return (
    <section>
      <h2 class="map-row map-stage">
        <span>
          {TITLES[stage]} <span class="soft">{units.length > 1 ? `${units.length} blocks` : ''}</span>
        </span>
        <Figures operations={own} times={times} />
      </h2>
      <ul>
        {units.map(unit => {
          const inside = own.filter(operation => operation.unit === unit);
          const isOpen = unit === current.unit || units.length === 1;
          return (
            <li key={unit}>
              {units.length > 1 && (
                <a class="map-row map-block" href={linkTo(view, { layer: inside.at(-1)!.path })} aria-expanded={isOpen}>
                  <span>{unit}</span>
                  <Figures operations={inside} times={times} />
                </a>
              )}
              {isOpen && (
                <ol class="map-operations">
                  {inside.map(operation => (
                    <li key={operation.path}>
                      <a
                        class="map-row"
                        title={operation.path}
                        href={linkTo(view, { layer: operation.path })}
                        aria-current={operation === current ? 'true' : undefined}
                        data-kind={operation.kind}
                        data-testid={`layer-${operation.path}`}
                      >
                        <span>
                          {shortName(operation)} <span class="soft">{windowOf(operation)}</span>
                        </span>
                        <Figures operations={[operation]} times={times} />
                      </a>
                    </li>
                  ))}
                </ol>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The figures of one operation, or the totals of several, with the shape of the last. */
function Figures({ operations, times }: Pick<NetworkMapProps, 'operations' | 'times'>) {
  const total = (value: (operation: Operation) => number) => operations.reduce((sum, one) => sum + value(one), 0);
  const timed = operations.filter(({ path }) => times?.[path] !== undefined);
  const ms = timed.length > 0 ? total(({ path }) => times?.[path] ?? 0) : undefined;
  return (
    <>
      <span class="number">{formatShape(operations.at(-1)!.shape).replaceAll(' ', '')}</span>
      <span class="number">{formatCount(total(({ parameters }) => parameters))}</span>
      <span class="number">{formatCount(total(({ flop }) => flop))}</span>
      <span class="number" title={ms === undefined && times ? 'runs in the convolution before it' : undefined}>
        {formatMs(ms) || (times ? '·' : '')}
      </span>
    </>
  );
}
