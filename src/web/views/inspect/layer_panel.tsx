/** The operation in hand: what it does, what it costs, and what came out of it. */
import type { Operation } from '../../../inference/operations.ts';
import { Histogram } from '../../parts/histogram.tsx';
import { formatValue } from '../../parts/words.ts';
import { linkTo } from '../../state/route.ts';
import type { LayerOutput } from './inspect_state.ts';
import { stepFrom } from './inspect_view.tsx';
import { describeOperation, formatCount, formatMs, formatShape } from './operation_words.ts';

export interface LayerPanelProps {
  readonly operation: Operation;
  readonly operations: readonly Operation[];
  readonly output: LayerOutput | undefined;
  /** Milliseconds by path. */
  readonly times?: Readonly<Record<string, number>>;
}

export function LayerPanel({ operation, operations, output, times }: LayerPanelProps) {
  const { path, layer, shape, parameters, flop } = operation;
  const last = operations.findLast(one => one.layer !== undefined)!.layer;
  const ms = times?.[path];
  return (
    <section aria-label="Layer">
      <header class="layer-head">
        <h2>{layer === undefined ? operation.kind : `Layer ${layer} of ${last}`}</h2>
        <Step {...{ operations, operation }} to="[" text="‹" label="Previous operation" />
        <Step {...{ operations, operation }} to="]" text="›" label="Next operation" />
      </header>
      <p class="layer-path mono" data-testid="layer-path">
        {path}
      </p>
      <p class="about">{describeOperation(operation)}.</p>
      <dl class="figures">
        <div>
          <dt>output</dt>
          <dd>{formatShape(shape).replaceAll(' ', '')}</dd>
        </div>
        <div>
          <dt>parameters</dt>
          <dd data-testid="parameters" data-value={parameters}>
            {formatCount(parameters)}
          </dd>
        </div>
        <div>
          <dt>FLOP</dt>
          <dd data-testid="flop" data-value={flop}>
            {formatCount(flop)}
          </dd>
        </div>
        <div title={ms === undefined && times ? 'it runs within the convolution before it' : undefined}>
          <dt>time here</dt>
          <dd data-testid="layer-ms" data-value={ms}>
            {ms === undefined ? (times ? 'fused' : '…') : `${formatMs(ms)} ms`}
          </dd>
        </div>
      </dl>
      {output && <Statistics output={output} />}
      <p class="layer-links">
        <a href={linkTo('kernels')}>Its kernels</a>
        {output?.contributions && <a href={linkTo('ledger')}>Its part in the verdict</a>}
      </p>
    </section>
  );
}

function Statistics({ output: { summary, histogram } }: { readonly output: LayerOutput }) {
  const figures = [
    ['mean', summary.mean],
    ['std', summary.std],
    ['min', summary.min],
    ['max', summary.max],
    ['zero', summary.zeros],
  ] as const;
  return (
    <>
      <dl class="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd data-testid={`layer-${name}`} data-value={value}>
              {name === 'zero' ? `${(100 * value).toFixed(0)} %` : formatValue(value)}
            </dd>
          </div>
        ))}
      </dl>
      <Histogram label="Values of the layer" {...histogram} />
    </>
  );
}

interface StepProps extends Pick<LayerPanelProps, 'operations' | 'operation'> {
  readonly to: string;
  readonly text: string;
  readonly label: string;
}

function Step({ operations, operation, to, text, label }: StepProps) {
  const next = stepFrom(operations, operation, to);
  if (!next) return null;
  return (
    <a class="step" href={linkTo('inspect', { layer: next.path })} aria-label={label} title={`${label}: key ${to}`}>
      {text}
    </a>
  );
}
