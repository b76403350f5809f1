/** The progress and the result of a training. */
import { useMemo } from 'preact/hooks';
import { confusionChart, rocChart, trainingChart } from '../../../report/charts.ts';
import { Fault } from '../../parts/fault.tsx';
import { Svg } from '../../parts/svg.tsx';
import { EpochPanel } from './epoch_panel.tsx';
import { chosenEpoch, type EpochRecord, epochText, type Metrics, type Run, run } from './train_state.ts';

export function RunPanel() {
  const now = run.value;
  switch (now.state) {
    case 'idle':
      return (
        <section class="train-empty" aria-label="Training">
          <p>The curves, the confusion matrix and the ROC curve appear here as the head learns.</p>
        </section>
      );
    case 'failed':
      return (
        <section class="train-empty" aria-label="Training">
          <Fault text={now.message} />
        </section>
      );
    case 'running':
      return (
        <div class="train-run">
          <Features run={now} />
          {now.history.length > 0 && <Charts history={now.history} metrics={now.metrics.at(-1)!} />}
        </div>
      );
    case 'done': {
      const { summary } = now;
      const epoch = chosenEpoch.value ?? summary.epoch;
      return (
        <div class="train-run">
          <EpochPanel summary={summary} epoch={epoch} />
          <Charts history={summary.history} metrics={summary.metrics[epoch + 1]!} epoch={epoch} />
        </div>
      );
    }
  }
}

function Features({ run: { features, history } }: { readonly run: Extract<Run, { state: 'running' }> }) {
  const text =
    history.length > 0
      ? `Epoch ${history.length}`
      : features
        ? `Features of ${features.of}: ${features.done} of ${features.total} X-rays`
        : 'Reading the folder …';
  return (
    <section class="panel train-progress" aria-label="Progress">
      <span class="number" role="status" data-testid="train-progress">
        {text}
      </span>
      <progress aria-label="Progress" {...(features ? { value: features.done, max: features.total } : {})} />
    </section>
  );
}

interface ChartsProps {
  readonly history: readonly EpochRecord[];
  readonly metrics: Metrics;
  /** The epoch of `metrics`. */
  readonly epoch?: number;
}

function Charts({ history, metrics, epoch }: ChartsProps) {
  const points = useMemo(() => history.map(({ epoch, train, val }) => ({ epoch, train, test: val })), [history]);
  const { roc, auroc, aurocInterval, classes, confusion } = metrics;
  const loss = useMemo(() => trainingChart(points, 'loss'), [points]);
  const accuracy = useMemo(() => trainingChart(points, 'accuracy'), [points]);
  const matrix = useMemo(() => confusionChart({ classes, counts: confusion }), [metrics]);
  const curve = useMemo(
    () => (auroc === null ? undefined : rocChart({ points: roc, auroc, interval: aurocInterval ?? undefined })),
    [metrics],
  );
  return (
    <div class="train-charts">
      <Svg class="panel" markup={loss} />
      <Svg class="panel" markup={accuracy} />
      <Svg class="panel" markup={matrix} />
      {curve ? (
        <Svg class="panel" markup={curve} />
      ) : (
        <section class="panel">
          {metrics.notes.map(note => (
            <p key={note}>{note}</p>
          ))}
        </section>
      )}
      <p class="about train-measured">
        Confusion and ROC on {metrics.images} X-rays {epoch === undefined ? 'after the last epoch' : epochText(epoch)}:
        loss {metrics.loss.toFixed(4)}, accuracy {metrics.accuracy.toFixed(4)}.
      </p>
    </div>
  );
}
