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
  const [working, setWorking] = useState<ProgressOf<'tune'> | 'starting'>();
  const measuring = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => measuring.current?.abort(), []);
  const status = engineStatus.value;
  if (status.state !== 'ready') return null;
  const { tuning, choice } = status;
  const isUsed = tuning !== undefined && !choice.isUntuned;

  /** Changes the tuning, then reopens the network with it. */
  const change = async (work: () => Promise<unknown>) => {
    fault.value = '';
    try {
      await work();
      await openNetwork({ ...wantedChoice(), isUntuned: false });
    } catch (error) {
      if (!isAbort(error)) fault.value = (error as Error).message;
    }
  };
  const measure = async () => {
    measuring.current = new AbortController();
    setWorking('starting');
    try {
      const refused = await call('tune', {}, { signal: measuring.current.signal, onProgress: setWorking });
      if (refused.length > 0)
        fault.value = `Wrong results on this adapter, so never used: ${refused.map(({ shape, variant }) => `${variant} of ${shape}`).join('; ')}.`;
    } finally {
      setWorking(undefined);
    }
  };
  const save = async () => download('raycam-tuning.json', await call('tuningText', {}), 'application/json');

  return (
    <section class="panel" aria-label="Tuning">
      <h2>Tuning</h2>
      <p data-testid="tuning" data-value={isUsed ? tuning.ofNetwork.tuned : 0}>
        {textOf(describeAdapter(status.adapter), tuning, isUsed)}
      </p>
      {working ? (
        <p class="variants-wait">
          <span role="status" data-testid="tuning-progress">
            {working === 'starting' ? 'Measuring …' : `Measuring size ${working.done + 1} of ${working.total} …`}
          </span>
          <button type="button" onClick={() => measuring.current?.abort()}>
            Stop
          </button>
        </p>
      ) : (
        <div class="buttons tuning-buttons">
          <button type="button" onClick={() => void change(measure)}>
            Measure
          </button>
          <FilePicker
            accept=".json"
            testId="load-tuning"
            onPick={([file]) => void change(() => call('loadTuning', { file: file! }))}
          >
            Load file …
          </FilePicker>
          <button type="button" disabled={!tuning} onClick={() => void save()}>
            Save file
          </button>
          <button type="button" disabled={!tuning} onClick={() => void change(() => call('forgetTuning', {}))}>
            Delete
          </button>
          <label>
            <input
              type="checkbox"
              checked={isUsed}
              disabled={!tuning}
              onChange={() => void openNetwork({ ...wantedChoice(), isUntuned: isUsed })}
            />{' '}
            Use it
          </label>
        </div>
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

function textOf(adapter: string, tuning: TuningInfo | undefined, isUsed: boolean): string {
  if (!tuning) return `None for ${adapter}: a heuristic chooses the algorithm of each convolution.`;
  if (!isUsed) return `Stored for ${adapter}, but not in use: ${tuning.convolutions} convolutions.`;
  const { ofNetwork, ms, untunedMs } = tuning;
  const { tuned, total } = ofNetwork;
  if (tuned === 0) return `${tuning.convolutions} convolutions on ${adapter}, none of this network. Measure it.`;
  return `In use for ${adapter}: ${tuned} of this network’s ${total} convolution sizes, ${(untunedMs / ms).toFixed(2)} times as fast in total (${formatMs(ms)} ms instead of ${formatMs(untunedMs)}).`;
}
