/** The formula of one pixel with its numbers, step by step, and the value that the kernels stored. */
import type { Summary } from '../../../inspection/channel_statistics.ts';
import type { Operation } from '../../../inspection/operations.ts';
import { setParams } from '../../state/route.ts';
import { useCall } from '../../state/use_call.ts';
import { StepView } from './formula_step.tsx';
import type { Cell, Formula } from './inspect_state.ts';

export interface FormulaPanelProps {
  readonly image: string;
  readonly operation: Operation;
  readonly channel: number;
  readonly cell: Cell;
  /** Summary of the layer's values. */
  readonly summary: Summary;
}

const KEPT_FORMULAS = 32;

/** Digits of the layer's largest value on which f32 kernels agree with f64. */
const AGREED_DIGITS = 5;

export function FormulaPanel({ image, operation, channel, cell, summary }: FormulaPanelProps) {
  const answer = useCall('elementFormula', { image, path: operation.path, channel, ...cell }, { keep: KEPT_FORMULAS });
  return (
    <section class="formula" aria-label="Formula">
      <header class="formula-head">
        <h2>
          How one pixel is computed: channel {channel}, row {cell.row}, column {cell.column}
        </h2>
        <button
          type="button"
          class="icon-button"
          aria-label="Close the formula"
          onClick={() => setParams({ pixel: null })}
        >
          ×
        </button>
      </header>
      {answer.state === 'failed' && <p class="error-text">{answer.message}</p>}
      {answer.state === 'done' && <Steps formula={answer.value} decimals={decimalsOf(summary)} />}
    </section>
  );
}

/** Returns the number of decimals that are reliable. */
function decimalsOf({ min, max }: Summary): number {
  const scale = Math.max(Math.abs(min), Math.abs(max), 1e-12);
  return Math.max(0, Math.min(9, AGREED_DIGITS - 1 - Math.floor(Math.log10(scale))));
}

function Steps({ formula, decimals }: { readonly formula: Formula; readonly decimals: number }) {
  const { steps, row, column, channel } = formula;
  const text = (number: number) => number.toFixed(decimals).replace('-', '−');
  const [first, ...rest] = steps.map(step => (
    <li key={`${step.kind} ${step.path}`} data-kind={step.kind}>
      <StepView step={step} text={text} channel={channel} row={row} column={column} />
    </li>
  ));
  return (
    <div class="formula-body">
      <ol class="formula-steps">{first}</ol>
      <div class="formula-rest">
        <Agreement formula={formula} text={text} />
        {rest.length > 0 && <ol class="formula-steps">{rest}</ol>}
      </div>
    </div>
  );
}

/** The formula's value, and the value that the kernels stored. */
function Agreement({
  formula: { value, stored },
  text,
}: {
  readonly formula: Formula;
  readonly text: (value: number) => string;
}) {
  const isEqual = text(value) === text(stored);
  return (
    <dl class="formula-end">
      <dt>formula</dt>
      <dd data-testid="formula-value" data-value={value}>
        {text(value)}
      </dd>
      <dt>stored</dt>
      <dd data-testid="formula-stored" data-value={stored} title="by the kernels, in 32-bit floats">
        {text(stored)}
      </dd>
      <dd class="formula-agreement">
        {isEqual ? 'equal in all digits shown' : `${Math.abs(value - stored).toExponential(1)} apart: rounding`}
      </dd>
    </dl>
  );
}
