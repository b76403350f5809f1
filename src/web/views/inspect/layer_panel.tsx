/** The selected operation: what it does, its costs, and its output. */
import type { Operation } from '../../../inspection/operations.ts';
import { Figures } from '../../parts/figures.tsx';
import { Histogram } from '../../parts/histogram.tsx';
import { formatValue } from '../../parts/words.ts';
import { linkTo } from '../../state/route.ts';
import { type LayerOutput, stepFrom } from './inspect_state.ts';
import { describeOperation, formatCount, formatMs, formatShape } from './operation_words.ts';

export interface LayerPanelProps {
  readonly operation: Operation;
  readonly operations: readonly Operation[];
  readonly output: LayerOutput | undefined;
  /** Milliseconds by path. */
  readonly times?: Readonly<Record<string, number>>;
}

export function LayerPanel({ operation, operations, output, times }: LayerPanelProps) {
  const { path, layer } = operation;
  const last = operations.findLast(one => one.layer !== undefined)!.layer;
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
      <Costs operation={operation} times={times} />
      {output && <Statistics output={output} />}
      <p class="layer-links">
        <a href={linkTo('kernels')}>Its kernels</a>
        {output?.contributions && <a href={linkTo('ledger')}>Its contribution to the verdict</a>}
      </p>
    </section>
  );
}

function Costs({ operation: { path, shape, parameters, flop }, times }: Pick<LayerPanelProps, 'operation' | 'times'>) {
  const ms = times?.[path];
  const isFused = ms === undefined && times !== undefined;
  const figures = [
    { name: 'output', text: formatShape(shape).replaceAll(' ', '') },
    { name: 'parameters', text: formatCount(parameters), id: 'parameters', value: parameters },
    { name: 'FLOP', text: formatCount(flop), id: 'flop', value: flop },
    {
      name: 'time',
      text: isFused ? 'fused' : ms === undefined ? '…' : `${formatMs(ms)} ms`,
      id: 'layer-ms',
      value: ms,
      title: isFused ? 'runs in the convolution before it' : undefined,
    },
  ];
  return <Figures class="figures" figures={figures} />;
}

function Statistics({ output: { summary, histogram } }: { readonly output: LayerOutput }) {
  const text = (name: string, value: number) =>
    name === 'zero' ? `${(100 * value).toFixed(0)} %` : formatValue(value);
  const { mean, std, min, max, zeros: zero } = summary;
  const figures = Object.entries({ mean, std, min, max, zero }).map(([name, value]) => ({
    name,
    text: text(name, value),
    id: `layer-${name}`,
    value,
  }));
  return (
    <>
      <Figures class="figures" figures={figures} />
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
