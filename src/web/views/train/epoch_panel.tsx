/** Shows the verdict of each epoch's head on an X-ray, and saves the head as a file. */
import { useRef, useState } from 'preact/hooks';
import type { OutputOf } from '../../engine/client.ts';
import { call } from '../../engine/client.ts';
import { ColourBar } from '../../parts/colour_bar.tsx';
import { download } from '../../parts/download.ts';
import { Plate } from '../../parts/plate.tsx';
import { formatDuration, formatProbability, formatValue } from '../../parts/words.ts';
import { currentImage, type ImageEntry } from '../../state/images.ts';
import { type Answer, useCall } from '../../state/use_call.ts';
import { colormap, moveProbe, opacity, probe } from '../look/look_state.ts';
import { chosenEpoch, epochText, type Summary } from './train_state.ts';

export interface EpochPanelProps {
  readonly summary: Summary;
  /** Counted from 0; -1 is before the first. */
  readonly epoch: number;
}

const KEPT_EPOCHS = 64;

export function EpochPanel({ summary, epoch }: EpochPanelProps) {
  const image = currentImage.value;
  const answer = useCall('epochVerdict', image ? { image: image.hash, epoch, run: runOf(summary) } : null, {
    keep: KEPT_EPOCHS,
  });
  return (
    <section class="train-epochs" aria-label="Epochs">
      <div class="train-stage">
        {image ? (
          <EpochPlate image={image} answer={answer} />
        ) : (
          <p>Choose an X-ray below to see its heat map change.</p>
        )}
      </div>
      <div class="panel train-outcome">
        <EpochSlider summary={summary} epoch={epoch} />
        <EpochVerdict answer={answer} />
        <TrainingFacts summary={summary} />
        <p class="about">
          SHA-256 of the kept head’s file:{' '}
          <span class="mono hash" data-testid="head-hash">
            {summary.sha256}
          </span>
        </p>
        <KeepButtons epoch={epoch} />
      </div>
    </section>
  );
}

function EpochSlider({ summary, epoch }: EpochPanelProps) {
  return (
    <label class="field">
      <span>
        {epochText(epoch)} <output class="number">{epoch === summary.epoch ? '(kept)' : ''}</output>
      </span>
      <input
        type="range"
        min={-1}
        max={summary.history.length - 1}
        value={epoch}
        data-testid="epoch"
        aria-valuetext={epochText(epoch)}
        onInput={({ currentTarget }) => {
          chosenEpoch.value = Number(currentTarget.value);
        }}
      />
    </label>
  );
}

function TrainingFacts({
  summary: { images, valName, note, skipped, elapsedMs, epoch },
}: {
  readonly summary: Summary;
}) {
  return (
    <dl class="rows">
      <dt>trained on</dt>
      <dd>{images.train} X-rays</dd>
      <dt>{valName}</dt>
      <dd title={note}>{images.val} X-rays</dd>
      {skipped.length > 0 && (
        <>
          <dt>unreadable</dt>
          <dd title={skipped.map(({ path, reason }) => `${path}: ${reason}`).join('\n')}>{skipped.length}</dd>
        </>
      )}
      <dt>time</dt>
      <dd data-testid="train-ms" data-value={elapsedMs}>
        {formatDuration(elapsedMs / 1000)}
      </dd>
      <dt>kept</dt>
      <dd data-testid="kept-epoch" data-value={epoch}>
        epoch {epoch}
      </dd>
    </dl>
  );
}

/** Identifies a training, so that its cached answers are not taken for another's. */
function runOf({ sha256, elapsedMs }: Summary): string {
  return `${sha256} ${elapsedMs}`;
}

type EpochAnswer = Answer<OutputOf<'epochVerdict'>>;

function EpochPlate({ image, answer }: { readonly image: ImageEntry; readonly answer: EpochAnswer }) {
  const verdict = answer.state === 'done' ? answer.value : undefined;
  const positive = verdict && Object.keys(verdict.maps).at(-1)!;
  // While the slider moves, the previous map stays until the next is computed.
  const drawn = useRef<{ image: string; values: Float32Array; bounds: readonly [number, number] }>(undefined);
  if (verdict && positive) {
    const { upsampled: values, bounds } = verdict.maps[positive]!;
    drawn.current = { image: image.hash, values, bounds };
  }
  const shown = drawn.current?.image === image.hash ? drawn.current : undefined;
  const scale = shown && { bounds: shown.bounds, colormap: colormap.value };
  return (
    <>
      <Plate
        name={image.name}
        ratio={image.width / image.height}
        map={shown && scale && { values: shown.values, scale, opacity: opacity.value }}
        probe={probe.value}
        onProbe={moveProbe}
        caption={<span class="plate-name">{positive ? `Evidence for ${positive}` : image.name}</span>}
      >
        <img src={image.url} alt={`X-ray ${image.name}`} />
      </Plate>
      {scale && <ColourBar scale={scale} label="Evidence" />}
    </>
  );
}

function EpochVerdict({ answer }: { readonly answer: EpochAnswer }) {
  if (answer.state === 'failed') return <p class="error-text">{answer.message}</p>;
  if (answer.state !== 'done') return <p class="verdict-line soft">{answer.state === 'working' ? '…' : ''}</p>;
  const { class: verdict, probabilities, logits } = answer.value;
  return (
    <p class="verdict-line" aria-live="polite">
      <i class="dot" data-class={Object.keys(probabilities).indexOf(verdict)} aria-hidden="true" />
      <b data-testid="epoch-class">{verdict}</b>
      <span class="number" data-testid="epoch-probability" data-value={probabilities[verdict]}>
        {formatProbability(probabilities[verdict]!)}
      </span>
      <span class="soft number train-logit">logit {formatValue(logits[verdict]!)}</span>
    </p>
  );
}

/** Saves an epoch's head as a file, or uses it for verdicts. */
function KeepButtons({ epoch }: { readonly epoch: number }) {
  const [said, setSaid] = useState<{ readonly text: string; readonly isFault: boolean }>();
  const attempt = async (work: () => Promise<string>) => {
    try {
      setSaid({ text: await work(), isFault: false });
    } catch (error) {
      setSaid({ text: (error as Error).message, isFault: true });
    }
  };
  const save = () =>
    attempt(async () => {
      const { bytes, name } = await call('trainedHead', { epoch });
      download(name, bytes, 'application/octet-stream');
      return '';
    });
  const use = () =>
    attempt(async () => {
      await call('useTrainedHead', { epoch });
      return `Verdicts now use the head ${epochText(epoch)}.`;
    });
  return (
    <>
      <div class="buttons">
        <button type="button" onClick={() => void save()}>
          Save this head
        </button>
        <button type="button" onClick={() => void use()}>
          Use it for verdicts
        </button>
      </div>
      {said?.text && (
        <p class={said.isFault ? 'error-text' : 'about'} role={said.isFault ? 'alert' : 'status'}>
          {said.text}
        </p>
      )}
    </>
  );
}
