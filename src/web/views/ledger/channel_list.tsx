/** Every channel with its weight, its mean, their product, and a switch. */
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
  const strongest = (sign: 1 | -1) =>
    [...contributions.keys()]
      .filter(c => !isOff.has(c))
      .sort((a, b) => sign * (contributions[b]! - contributions[a]!))
      .slice(0, TOP);
  const choose = (index: number) => setParams({ channel: String(order[index]) }, { replace: true });
  return (
    <section class="account" aria-label="Channels">
      <div class="account-tools">
        <button type="button" onClick={() => switchOff([...isOff, ...strongest(1)])}>
          Switch off {TOP} strongest for
        </button>
        <button type="button" onClick={() => switchOff([...isOff, ...strongest(-1)])}>
          Switch off {TOP} strongest against
        </button>
        <button type="button" disabled={isOff.size === 0} onClick={() => switchOff([])}>
          Switch all on
        </button>
        <span class="soft" data-testid="off-count" data-value={isOff.size}>
          {isOff.size === 0 ? `all ${order.length} on` : `${isOff.size} of ${order.length} off`}
        </span>
      </div>
      <p class="account-row account-head" aria-hidden="true">
        <span>on</span>
        <span>map</span>
        <span>channel</span>
        <span>weight</span>
        <span>mean</span>
        <span>adds</span>
        <span />
      </p>
      <VirtualRows
        label={`${order.length} channels: weight, mean and contribution`}
        count={order.length}
        rowHeight={ROW_HEIGHT}
        selected={chosen < 0 ? undefined : chosen}
        onSelect={choose}
        row={index => {
          const channel = order[index]!;
          const value = contributions[channel]!;
          return {
            key: channel,
            content: (
              <div class="account-row" data-off={isOff.has(channel)} data-testid="account-row">
                <input
                  type="checkbox"
                  checked={!isOff.has(channel)}
                  aria-label={`Use channel ${channel}`}
                  onChange={() => toggle(channel)}
                />
                <ChannelThumb ledger={ledger} channel={channel} brightest={brightest} />
                <a
                  class="mono"
                  href={linkTo('inspect', { layer: 'layer4', channel: String(channel) })}
                  title="Open in Inspect"
                >
                  {channel}
                </a>
                <span class="mono">{formatValue(channelWeight(ledger, channel, of))}</span>
                <span class="mono">{formatValue(ledger.features[channel]!)}</span>
                <button
                  type="button"
                  class="quiet mono"
                  aria-label={`Channel ${channel} adds ${formatValue(value)}: show its map`}
                  onClick={() => choose(index)}
                  data-testid={`contribution-${channel}`}
                  data-value={value}
                >
                  {formatValue(value)}
                </button>
                <span class="signed-bar" aria-hidden="true">
                  <i
                    class={value < 0 ? 'against' : 'for'}
                    style={{ width: `${(50 * Math.abs(value)) / most}%`, [value < 0 ? 'right' : 'left']: '50%' }}
                  />
                </span>
              </div>
            ),
          };
        }}
      />
    </section>
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
