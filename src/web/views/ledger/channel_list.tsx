/** Every channel with its weight, its mean, their product, and a switch. */
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { type Account, type AccountRequest, channelWeight } from '../../../inspection/ledger_account.ts';
import { paintMap } from '../../../report/map_raster.ts';
import { Pixels } from '../../parts/pixels.tsx';
import { VirtualRows } from '../../parts/virtual_rows.tsx';
import { formatValue } from '../../parts/words.ts';
import { linkTo, param, setParams } from '../../state/route.ts';
import { type LedgerAnswer, off, switchOff, toggle } from './ledger_state.ts';

export interface ChannelListProps {
  readonly ledger: LedgerAnswer;
  readonly account: Account;
  readonly order: Uint32Array;
  readonly of: AccountRequest['of'];
}

const ROW_HEIGHT = 46;
const TOP = 10;

export function ChannelList({ ledger, account, order, of }: ChannelListProps) {
  const { contributions } = account;
  const most = useMemo(() => contributions.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-30), [contributions]);
  const brightest = useMemo(() => ledger.maps.reduce((a, b) => Math.max(a, b), 0), [ledger]);
  const isOff = new Set(off.value);
  const chosen = param('channel') === undefined ? -1 : order.indexOf(Number(param('channel')));
  const choose = (index: number) => setParams({ channel: String(order[index]) }, { replace: true });
  return (
    <section class="account" aria-label="Channels">
      <Switches contributions={contributions} isOff={isOff} />
      <p class="account-row account-head" aria-hidden="true">
        {['on', 'map', 'channel', 'weight', 'mean', 'adds', ''].map(name => (
          <span key={name}>{name}</span>
        ))}
      </p>
      <VirtualRows
        label={`${order.length} channels: weight, mean and contribution`}
        count={order.length}
        rowHeight={ROW_HEIGHT}
        selected={chosen < 0 ? undefined : chosen}
        onSelect={choose}
        row={index => {
          const channel = order[index]!;
          return {
            key: channel,
            content: (
              <ChannelRow
                channel={channel}
                isOff={isOff.has(channel)}
                thumb={<ChannelThumb ledger={ledger} channel={channel} brightest={brightest} />}
                weight={channelWeight(ledger, channel, of)}
                mean={ledger.features[channel]!}
                contribution={contributions[channel]!}
                most={most}
                onChoose={() => choose(index)}
              />
            ),
          };
        }}
      />
    </section>
  );
}

interface SwitchesProps {
  /** By channel. */
  readonly contributions: Account['contributions'];
  readonly isOff: ReadonlySet<number>;
}

/** Buttons that switch many channels off or on. */
function Switches({ contributions, isOff }: SwitchesProps) {
  const { length } = contributions;
  const switchOffStrongest = (sign: 1 | -1) => {
    const strongest = [...contributions.keys()]
      .filter(channel => !isOff.has(channel))
      .sort((a, b) => sign * (contributions[b]! - contributions[a]!))
      .slice(0, TOP);
    switchOff([...isOff, ...strongest]);
  };
  return (
    <div class="account-tools">
      <button type="button" onClick={() => switchOffStrongest(1)}>
        Switch off {TOP} strongest for
      </button>
      <button type="button" onClick={() => switchOffStrongest(-1)}>
        Switch off {TOP} strongest against
      </button>
      <button type="button" disabled={isOff.size === 0} onClick={() => switchOff([])}>
        Switch all on
      </button>
      <span class="soft" data-testid="off-count" data-value={isOff.size}>
        {isOff.size === 0 ? `all ${length} on` : `${isOff.size} of ${length} off`}
      </span>
    </div>
  );
}

interface ChannelRowProps {
  readonly channel: number;
  readonly isOff: boolean;
  readonly thumb: ComponentChildren;
  readonly weight: number;
  readonly mean: number;
  readonly contribution: number;
  /** The largest magnitude of all contributions, which sets the scale of the bar. */
  readonly most: number;
  readonly onChoose: () => void;
}

function ChannelRow({ channel, isOff, thumb, weight, mean, contribution, most, onChoose }: ChannelRowProps) {
  return (
    <div class="account-row" data-off={isOff} data-testid="account-row">
      <input type="checkbox" checked={!isOff} aria-label={`Use channel ${channel}`} onChange={() => toggle(channel)} />
      {thumb}
      <a class="mono" href={linkTo('inspect', { layer: 'layer4', channel: String(channel) })} title="Open in Inspect">
        {channel}
      </a>
      <span class="mono">{formatValue(weight)}</span>
      <span class="mono">{formatValue(mean)}</span>
      <button
        type="button"
        class="quiet mono"
        aria-label={`Channel ${channel} adds ${formatValue(contribution)}: show its map`}
        onClick={onChoose}
        data-testid={`contribution-${channel}`}
        data-value={contribution}
      >
        {formatValue(contribution)}
      </button>
      <SignedBar value={contribution} most={most} />
    </div>
  );
}

function SignedBar({ value, most }: { readonly value: number; readonly most: number }) {
  return (
    <span class="signed-bar" aria-hidden="true">
      <i
        class={value < 0 ? 'against' : 'for'}
        style={{ width: `${(50 * Math.abs(value)) / most}%`, [value < 0 ? 'right' : 'left']: '50%' }}
      />
    </span>
  );
}

interface ThumbProps {
  readonly ledger: LedgerAnswer;
  readonly channel: number;
  /** The largest value of all channels, which sets the scale. */
  readonly brightest: number;
}

function ChannelThumb({ ledger: { maps, side }, channel, brightest }: ThumbProps) {
  const rgba = useMemo(() => {
    const area = side * side;
    return paintMap(maps.subarray(channel * area, (channel + 1) * area), {
      bounds: [0, brightest / 4],
      colormap: 'inferno',
    });
  }, [maps, side, channel, brightest]);
  return <Pixels class="thumb" width={side} height={side} rgba={rgba} />;
}
