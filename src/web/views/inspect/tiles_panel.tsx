/** The channels of the selected operation. */
import { useMemo } from 'preact/hooks';
import type { Operation } from '../../../inspection/operations.ts';
import { ChannelTiles } from '../../parts/channel_tiles.tsx';
import { Segments } from '../../parts/segments.tsx';
import { Select } from '../../parts/select.tsx';
import { formatValue } from '../../parts/words.ts';
import { setParams } from '../../state/route.ts';
import type { Answer } from '../../state/use_call.ts';
import { chooseChannel, isScaleShared, type LayerOutput, orderOf, sortBy } from './inspect_state.ts';

export interface TilesPanelProps {
  readonly operation: Operation;
  readonly answer: Answer<LayerOutput>;
  readonly channel: number | undefined;
}

export function TilesPanel({ operation, answer, channel }: TilesPanelProps) {
  const output = answer.state === 'done' ? answer.value : undefined;
  return (
    <section class="channels" aria-label="Channels">
      <div class="channels-tools">
        <Select
          isInRow
          label="Sort by"
          value={sortBy.value}
          options={[
            { value: 'channel', text: 'channel' },
            { value: 'mean', text: 'mean' },
            { value: 'max', text: 'maximum' },
            {
              value: 'contribution',
              text: 'contribution to the verdict',
              isDisabled: output !== undefined && !output.contributions,
            },
          ]}
          testId="sort"
          onChange={sort => setParams({ sort: sort === 'channel' ? null : sort })}
        />
        <Segments
          label="Scale"
          value={isScaleShared.value ? 'shared' : 'own'}
          options={[
            {
              value: 'shared',
              text: 'One scale',
              title: 'A colour means the same value in all channels, up to four standard deviations',
            },
            { value: 'own', text: 'Separate scales', title: 'Each channel from its minimum to its maximum' },
          ]}
          onChange={scale => setParams({ scale: scale === 'own' ? scale : null }, { replace: true })}
        />
      </div>
      {output ? (
        <Tiles output={output} channel={channel} />
      ) : (
        <p class="channels-wait" role={answer.state === 'failed' ? 'alert' : undefined}>
          {answer.state === 'failed' ? answer.message : `Computing ${operation.path} …`}
        </p>
      )}
      {sortBy.value === 'contribution' && output && !output.contributions && (
        <p class="channels-note">
          The verdict is a weighted sum of layer4’s channels only. Earlier channels have no single contribution, so they
          keep their order.
        </p>
      )}
    </section>
  );
}

function Tiles({ output, channel }: { readonly output: LayerOutput; readonly channel: number | undefined }) {
  const by = sortBy.value;
  const order = useMemo(() => orderOf(output, by), [output, by]);
  const { shape, values, channels, contributions } = output;
  const figures =
    by === 'max' ? channels.max : by === 'contribution' && contributions ? contributions.values : channels.mean;
  return (
    <ChannelTiles
      key={output.path}
      name={output.path}
      channels={{ shape, values, min: channels.min, max: channels.max, bounds: sharedBounds(output) }}
      order={order}
      isShared={isScaleShared.value}
      selected={channel}
      labelOf={one => formatValue(figures[one]!)}
      onSelect={chooseChannel}
    />
  );
}

/** A shared scale reaches from zero to |mean| plus this many standard deviations. */
const REACH = 4;

/** Returns a shared scale that clips outliers, which would leave everything else dark. */
function sharedBounds({ summary: { mean, std, min, max } }: LayerOutput): readonly [number, number] {
  const reach = Math.abs(mean) + REACH * std;
  return [Math.max(min, -reach), Math.min(max, reach)];
}
