/** The adapter's tuning: measured here or by `raycam tune`, and stored for the next visit. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, engineStatus, isAbort, type ProgressOf } from '../../engine/client.ts';
import type { TuningInfo } from '../../engine/protocol.ts';
import { download } from '../../parts/download.ts';
import { describeAdapter } from '../../parts/engine_chip.tsx';
import { Fault } from '../../parts/fault.tsx';
import { FilePicker } from '../../parts/file_picker.tsx';
import { openNetwork, wantedChoice } from '../../state/engine_control.ts';
import { formatMs } from '../inspect/operation_words.ts';

/** Outlives the panel, which unmounts while the network is reopened. */
const fault = signal('');

export function TuningPanel() {
  const { progress, measure, stop } = useMeasurement();
  const status = engineStatus.value;
  if (status.state !== 'ready') return null;
  const { tuning, choice } = status;
  const isUsed = tuning !== undefined && !choice.isUntuned;
  return (
    <section class="panel" aria-label="Tuning">
      <h2>Tuning</h2>
      <p data-testid="tuning" data-value={isUsed ? tuning.ofNetwork.tuned : 0}>
        {textOf(describeAdapter(status.adapter), tuning, isUsed)}
      </p>
      {progress ? (
        <p class="variants-wait">
          <span role="status" data-testid="tuning-progress">
            {progress === 'starting' ? 'Measuring …' : `Measuring size ${progress.done + 1} of ${progress.total} …`}
          </span>
          <button type="button" onClick={stop}>
            Stop
          </button>
        </p>
      ) : (
        <TuningButtons isStored={tuning !== undefined} isUsed={isUsed} onMeasure={() => void changeTuning(measure)} />
      )}
      <Fault text={fault.value} />
      <p class="about">
        Times every algorithm for each convolution of this network, and stores the fastest in this browser. Nothing else
        is computed meanwhile. The file is that of <code>raycam tune</code>. A tuning changes the last digits of
        results.
      </p>
    </section>
  );
}

type Progress = ProgressOf<'tune'> | 'starting';

/** Measures a tuning while the panel is shown. `progress` is undefined while nothing is measured. */
function useMeasurement() {
  const [progress, setProgress] = useState<Progress>();
  const controller = useRef<AbortController | undefined>(undefined);
  const stop = () => controller.current?.abort();
  useEffect(() => stop, []);
  const measure = async () => {
    controller.current = new AbortController();
    setProgress('starting');
    try {
      const refused = await call('tune', {}, { signal: controller.current.signal, onProgress: setProgress });
      if (refused.length > 0)
        fault.value = `Wrong results on this adapter, so never used: ${refused.map(({ shape, variant }) => `${variant} of ${shape}`).join('; ')}.`;
    } finally {
      setProgress(undefined);
    }
  };
  return { progress, measure, stop };
}

interface TuningButtonsProps {
  /** Whether this browser stores a tuning of the adapter. */
  readonly isStored: boolean;
  readonly isUsed: boolean;
  readonly onMeasure: () => void;
}

function TuningButtons({ isStored, isUsed, onMeasure }: TuningButtonsProps) {
  return (
    <div class="buttons tuning-buttons">
      <button type="button" onClick={onMeasure}>
        Measure
      </button>
      <FilePicker
        accept=".json"
        testId="load-tuning"
        onPick={([file]) => void changeTuning(() => call('loadTuning', { file: file! }))}
      >
        Load file …
      </FilePicker>
      <button type="button" disabled={!isStored} onClick={() => void saveTuning()}>
        Save file
      </button>
      <button type="button" disabled={!isStored} onClick={() => void changeTuning(() => call('forgetTuning', {}))}>
        Delete
      </button>
      <label>
        <input
          type="checkbox"
          checked={isUsed}
          disabled={!isStored}
          onChange={() => void openNetwork({ ...wantedChoice(), isUntuned: isUsed })}
        />{' '}
        Use it
      </label>
    </div>
  );
}

/** Changes the stored tuning with `work`, then reopens the network with it. */
async function changeTuning(work: () => Promise<unknown>): Promise<void> {
  fault.value = '';
  try {
    await work();
    await openNetwork({ ...wantedChoice(), isUntuned: false });
  } catch (error) {
    if (!isAbort(error)) fault.value = (error as Error).message;
  }
}

async function saveTuning(): Promise<void> {
  download('raycam-tuning.json', await call('tuningText', {}), 'application/json');
}

function textOf(adapter: string, tuning: TuningInfo | undefined, isUsed: boolean): string {
  if (!tuning) return `None for ${adapter}: a heuristic chooses the algorithm of each convolution.`;
  if (!isUsed) return `Stored for ${adapter}, but not in use: ${tuning.convolutions} convolutions.`;
  const { ofNetwork, ms, untunedMs } = tuning;
  const { tuned, total } = ofNetwork;
  if (tuned === 0) return `${tuning.convolutions} convolutions on ${adapter}, none of this network. Measure it.`;
  return `In use for ${adapter}: ${tuned} of this network’s ${total} convolution sizes, ${(untunedMs / ms).toFixed(2)} times as fast in total (${formatMs(ms)} ms instead of ${formatMs(untunedMs)}).`;
}
