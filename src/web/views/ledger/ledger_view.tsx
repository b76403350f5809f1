/** Ledger: the verdict broken down channel by channel. */
import { useMemo, useRef } from 'preact/hooks';
import { accountOf, ledgerOrder } from '../../../inspection/ledger_account.ts';
import { Segments } from '../../parts/segments.tsx';
import { Select } from '../../parts/select.tsx';
import { DIFFERENCE } from '../../shared/shown_map.ts';
import { currentImage, type ImageEntry } from '../../state/images.ts';
import { setParams } from '../../state/route.ts';
import { useCall } from '../../state/use_call.ts';
import { Welcome } from '../look/welcome.tsx';
import { Balance } from './balance.tsx';
import { ChannelList } from './channel_list.tsx';
import { LedgerStage } from './ledger_stage.tsx';
import { type LedgerAnswer, type Masked, off, orderBy, requestOf } from './ledger_state.ts';
import { RunningSum } from './running_sum.tsx';

const KEPT_LEDGERS = 4;
const KEPT_VERDICTS = 24;

export function LedgerView() {
  const image = currentImage.value;
  const ledger = useCall('ledger', image ? { image: image.hash } : null, { keep: KEPT_LEDGERS });
  const whole = useCall('maskedVerdict', image ? { image: image.hash, off: [] } : null, { keep: KEPT_VERDICTS });
  const masked = useCall('maskedVerdict', image ? { image: image.hash, off: off.value } : null, {
    keep: KEPT_VERDICTS,
  });
  if (!image) return <Welcome />;
  const failure = [ledger, whole, masked].find(answer => answer.state === 'failed');
  if (failure?.state === 'failed')
    return (
      <div class="boot">
        <p role="alert">{failure.message}</p>
      </div>
    );
  if (ledger.state !== 'done' || whole.state !== 'done')
    return (
      <div class="boot">
        <p>{ledger.state === 'idle' ? 'The ledger appears once the network is ready.' : 'Computing …'}</p>
      </div>
    );
  return (
    <Sheet
      key={image.hash}
      image={image}
      ledger={ledger.value}
      whole={whole.value}
      masked={masked.state === 'done' ? masked.value : undefined}
    />
  );
}

interface SheetProps {
  readonly image: ImageEntry;
  readonly ledger: LedgerAnswer;
  readonly whole: Masked;
  /** Absent while it is computed. */
  readonly masked: Masked | undefined;
}

function Sheet({ image, ledger, whole, masked }: SheetProps) {
  const of = requestOf(ledger.classes, whole.class);
  const [first, second] = of;
  const offNow = off.value;
  const by = orderBy.value;
  const account = useMemo(() => accountOf(ledger, { of, off: new Set(offNow) }), [ledger, first, second, offNow]);
  const order = useMemo(() => ledgerOrder(account.contributions, by), [ledger, first, second, by]);
  // Keep the previous map while the next is computed. It is of the same X-ray, and `isFresh` marks it as old.
  const drawn = useRef(whole);
  if (masked) drawn.current = masked;
  return (
    <div class="ledger fits">
      <LedgerStage
        image={image}
        ledger={ledger}
        whole={whole}
        masked={drawn.current}
        of={of}
        isFresh={masked !== undefined}
      />
      <div class="ledger-book">
        <div class="ledger-tools">
          <Segments
            label="Logit"
            value={second === undefined ? first : DIFFERENCE}
            options={[
              ...ledger.classes.map(name => ({ value: name, text: name })),
              ...(ledger.classes.length === 2 ? [{ value: DIFFERENCE, text: 'Difference' }] : []),
            ]}
            onChange={map => setParams({ map })}
          />
          <Select
            isInRow
            label="Sort by"
            value={by}
            options={[
              { value: 'size', text: 'largest, for or against' },
              { value: 'for', text: 'most for it' },
              { value: 'against', text: 'most against it' },
              { value: 'channel', text: 'channel' },
            ]}
            testId="order"
            onChange={order => setParams({ order: order === 'size' ? null : order })}
          />
        </div>
        <Balance account={account} masked={masked} of={of} offCount={offNow.length} />
        <RunningSum account={account} off={offNow} />
        <ChannelList ledger={ledger} account={account} order={order} of={of} />
      </div>
    </div>
  );
}
