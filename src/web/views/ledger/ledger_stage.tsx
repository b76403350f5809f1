/** The X-ray with the map of the channels that are on, and their verdict. */
import { useMemo } from 'preact/hooks';
import { differenceOf, type EvidenceMap } from '../../../inference/evidence_map.ts';
import { type AccountRequest, channelEvidence } from '../../../inspection/ledger_account.ts';
import { type MapScale, signedScale } from '../../../report/map_raster.ts';
import { ColourBar } from '../../parts/colour_bar.tsx';
import { Plate } from '../../parts/plate.tsx';
import { Segments } from '../../parts/segments.tsx';
import { formatProbability } from '../../parts/words.ts';
import type { ImageEntry } from '../../state/images.ts';
import { param, setParams } from '../../state/route.ts';
import { colormap, moveProbe, opacity, probe } from '../look/look_state.ts';
import { type LedgerAnswer, type Masked, off } from './ledger_state.ts';

export interface LedgerStageProps {
  readonly image: ImageEntry;
  readonly ledger: LedgerAnswer;
  readonly whole: Masked;
  readonly masked: Masked;
  readonly of: AccountRequest['of'];
  /** Whether `masked` is computed from the channels that are on now. */
  readonly isFresh: boolean;
}

export function LedgerStage({ image, ledger, whole, masked, of, isFresh }: LedgerStageProps) {
  const channel = Number(param('channel') ?? Number.NaN);
  const hasChannel = Number.isInteger(channel) && channel >= 0 && channel < ledger.features.length;
  const showsChannel = hasChannel && param('of') === 'channel';
  const shown = useShownMap({ ledger, whole, masked, of }, showsChannel ? channel : undefined);
  const names = ledger.classes;
  return (
    <div class="ledger-stage">
      <Plate
        name={image.name}
        ratio={image.width / image.height}
        map={{ ...shown, opacity: opacity.value }}
        probe={probe.value}
        onProbe={moveProbe}
        caption={<span class="plate-name">{shown.caption}</span>}
      >
        <img src={image.url} alt={`X-ray ${image.name}`} />
      </Plate>
      <ColourBar scale={shown.scale} label={shown.caption} />
      <div class="ledger-verdict" aria-live="polite" data-fresh={isFresh} data-testid="masked-verdict">
        <p class="verdict-line">
          <i class="dot" data-class={names.indexOf(masked.class)} aria-hidden="true" />
          <b data-testid="masked-class">{masked.class}</b>
          <span class="number" data-testid="masked-probability" data-value={masked.probabilities[masked.class]}>
            {formatProbability(masked.probabilities[masked.class]!)}
          </span>
        </p>
        <p class="ledger-whole">
          {off.value.length === 0
            ? `All ${ledger.features.length} channels of layer4 are on.`
            : `Without ${off.value.length === 1 ? 'one channel' : `${off.value.length} channels`}. With all: ${whole.class} ${formatProbability(whole.probabilities[whole.class]!)}.`}
        </p>
        <Segments
          label="Map"
          value={showsChannel ? 'channel' : 'all'}
          options={[
            { value: 'all', text: 'Channels that are on' },
            {
              value: 'channel',
              text: hasChannel ? `Channel ${channel} alone` : 'One channel',
              isDisabled: !hasChannel,
            },
          ]}
          onChange={value => setParams({ of: value === 'channel' ? value : null }, { replace: true })}
        />
      </div>
    </div>
  );
}

interface Shown {
  readonly values: Float32Array;
  readonly scale: MapScale;
  readonly caption: string;
}

/** Returns the map on the scale of the full verdict, so that losses are visible; a single channel has its own scale. */
function useShownMap(
  { ledger, whole, masked, of }: Pick<LedgerStageProps, 'ledger' | 'whole' | 'masked' | 'of'>,
  channel: number | undefined,
): Shown {
  const [first, second] = of;
  return useMemo(() => {
    const about = second === undefined ? first : `${first} rather than ${second}`;
    if (channel !== undefined) {
      const values = channelEvidence(ledger, channel, of);
      const scale = signedScale([Math.min(...values), Math.max(...values, 1e-30)]);
      return { values, scale, caption: `Channel ${channel} times its weight for ${about}` };
    }
    const mapOf = ({ maps }: Masked): EvidenceMap =>
      second === undefined ? maps[first]! : differenceOf(maps[first]!, maps[second]!);
    const { bounds } = mapOf(whole);
    const scale = second === undefined ? { bounds, colormap: colormap.value } : signedScale(bounds);
    return { values: mapOf(masked).upsampled, scale, caption: `Evidence for ${about}` };
  }, [ledger, whole, masked, first, second, channel, colormap.value]);
}
