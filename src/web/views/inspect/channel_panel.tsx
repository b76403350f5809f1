/** One channel, enlarged. The pointer or the arrow keys select a pixel. */
import { useMemo } from 'preact/hooks';
import type { Operation } from '../../../inspection/operations.ts';
import { paintMap } from '../../../report/map_raster.ts';
import { scaleOfRange } from '../../parts/channel_atlas.ts';
import { Pixels } from '../../parts/pixels.tsx';
import { formatValue } from '../../parts/words.ts';
import { type Cell, chooseCell, type LayerOutput } from './inspect_state.ts';

export interface ChannelPanelProps {
  readonly operation: Operation;
  readonly output: LayerOutput;
  readonly channel: number;
  readonly cell: Cell | undefined;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export function ChannelPanel({ operation, output, channel, cell }: ChannelPanelProps) {
  const { channels, contributions } = output;
  return (
    <section class="channel" aria-label={`Channel ${channel}`}>
      <h2>Channel {channel}</h2>
      <div class="channel-body">
        <ChannelMap operation={operation} output={output} channel={channel} cell={cell} />
        <dl class="rows">
          {(['mean', 'min', 'max', 'zeros'] as const).map(name => (
            <Row
              key={name}
              name={name === 'zeros' ? 'zero' : name}
              value={channels[name][channel]!}
              isShare={name === 'zeros'}
            />
          ))}
          {contributions && (
            <>
              <dt>adds to {contributions.class}</dt>
              <dd data-testid="channel-contribution" data-value={contributions.values[channel]}>
                {formatValue(contributions.values[channel]!)}
              </dd>
            </>
          )}
        </dl>
      </div>
      {!cell && <p class="about">Click a pixel, or use the arrow keys, to see how it is computed.</p>}
    </section>
  );
}

function Row({ name, value, isShare }: { readonly name: string; readonly value: number; readonly isShare: boolean }) {
  return (
    <>
      <dt>{name}</dt>
      <dd data-testid={`channel-${name}`} data-value={value}>
        {isShare ? `${(100 * value).toFixed(0)} %` : formatValue(value)}
      </dd>
    </>
  );
}

function ChannelMap({ operation, output, channel, cell }: ChannelPanelProps) {
  const [, height, width] = operation.shape;
  const area = height * width;
  const { values, channels, summary } = output;
  const rgba = useMemo(() => {
    const least = summary.min < 0 ? Math.min(channels.min[channel]!, -Number.MIN_VALUE) : 0;
    return paintMap(values.subarray(channel * area, (channel + 1) * area), scaleOfRange(least, channels.max[channel]!));
  }, [values, channel, area, channels, summary]);
  const within = (at: number, size: number) => Math.max(0, Math.min(size - 1, at));
  const onClick = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const row = within(Math.floor((height * (event.clientY - box.top)) / box.height), height);
    const column = within(Math.floor((width * (event.clientX - box.left)) / box.width), width);
    chooseCell(operation.shape, { row, column });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const from = cell ?? { row: height >> 1, column: width >> 1 };
    chooseCell(operation.shape, {
      row: within(from.row + step[0], height),
      column: within(from.column + step[1], width),
    });
  };
  return (
    <div
      class="channel-map"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the pixel
      tabIndex={0}
      aria-label={`Channel ${channel}, ${height} by ${width} pixels: arrow keys select one${cell ? `; row ${cell.row}, column ${cell.column}` : ''}`}
      data-testid="channel-map"
      onClick={onClick}
      onKeyDown={onKeyDown}
    >
      <Pixels width={width} height={height} rgba={rgba} />
      {cell && (
        <i
          class="cell-mark"
          style={{
            left: `${(100 * cell.column) / width}%`,
            top: `${(100 * cell.row) / height}%`,
            width: `${100 / width}%`,
            height: `${100 / height}%`,
          }}
        />
      )}
    </div>
  );
}
