/** How one pixel came about: the formula with its numbers, step by step, and what the kernels stored. */
import type { Summary } from '../../../inference/channel_statistics.ts';
import type { Step } from '../../../inference/element_formula.ts';
import type { Operation } from '../../../inference/operations.ts';
import { linkTo, setParams } from '../../state/route.ts';
import { useCall } from '../../state/use_call.ts';
import type { Cell, Formula } from './inspect_state.ts';
import { NumberGrid } from './number_grid.tsx';

export interface FormulaPanelProps {
  readonly image: string;
  readonly operation: Operation;
  readonly channel: number;
  readonly cell: Cell;
  /** Of the layer's values. */
  readonly summary: Summary;
}

const KEPT_FORMULAS = 32;

/** Digits that f32 kernels agree on with f64, of the layer's largest value. */
const AGREED_DIGITS = 5;

export function FormulaPanel({ image, operation, channel, cell, summary }: FormulaPanelProps) {
  const answer = useCall('elementFormula', { image, path: operation.path, channel, ...cell }, { keep: KEPT_FORMULAS });
  return (
    <section class="formula" aria-label="Formula">
      <header class="formula-head">
        <h2>
          How one pixel came about: channel {channel}, row {cell.row}, column {cell.column}
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

/** So that the digits shown are those that can be relied on. */
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

/** What the formula comes to, and what the kernels stored. */
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
      <dd data-testid="formula-stored" data-value={stored} title="by the kernels, in 32 bits">
        {text(stored)}
      </dd>
      <dd class="formula-agreement">
        {isEqual
          ? 'equal in every digit shown'
          : `${Math.abs(value - stored).toExponential(1)} apart, which is rounding`}
      </dd>
    </dl>
  );
}

interface StepViewProps {
  readonly step: Step;
  readonly text: (value: number) => string;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

function StepView({ step, text, channel, row, column }: StepViewProps) {
  switch (step.kind) {
    case 'convolution':
      return (
        <>
          <Title path={step.path}>
            Σ patch × weights, of {step.patches.length + step.otherChannels} channels of <Source path={step.input} />
          </Title>
          <table class="products" data-window={step.kernel}>
            <thead>
              <tr>
                <th scope="col">ch.</th>
                <th scope="col">patch</th>
                <th scope="col">weights</th>
                <th scope="col">sum</th>
              </tr>
            </thead>
            <tbody>
              {step.patches.map(patch => (
                <tr key={patch.channel}>
                  <th scope="row">{patch.channel}</th>
                  <td>
                    <NumberGrid values={patch.values} columns={step.kernel} />
                  </td>
                  <td>
                    <NumberGrid values={patch.weights} columns={step.kernel} />
                  </td>
                  <td>{text(patch.sum)}</td>
                </tr>
              ))}
              {step.otherChannels > 0 && <Others count={step.otherChannels} sum={text(step.otherSum)} />}
            </tbody>
          </table>
          <Result>{text(step.value)}</Result>
        </>
      );
    case 'batch norm':
      return (
        <>
          <Title path={step.path}>(Σ − mean) ÷ √(variance + ε) × γ + β</Title>
          <p class="working-out">
            (Σ {plus(-step.mean)}) ÷ √({short(step.variance)} {plus(step.eps)}) × {short(step.weight)} {plus(step.bias)}
          </p>
          <Result>{text(step.value)}</Result>
        </>
      );
    case 'add':
      return (
        <>
          <Title path="+ shortcut">
            the same place of <Source path={step.path} />
          </Title>
          <p class="working-out">+ {text(step.residual)}</p>
          <Result>{text(step.value)}</Result>
        </>
      );
    case 'relu':
      return (
        <>
          <Title path={step.path}>max(0, ·)</Title>
          <Result>{text(step.value)}</Result>
        </>
      );
    case 'max':
    case 'mean':
      return (
        <>
          <Title path={step.path}>
            the {step.kind === 'max' ? 'greatest' : 'mean'} of {step.values.length} pixels of{' '}
            <Source path={step.input} />
            {step.kind === 'max' && `, channel ${channel}, around row ${2 * row}, column ${2 * column}`}
          </Title>
          <NumberGrid values={step.values} columns={step.columns} />
          <Result>{text(step.value)}</Result>
        </>
      );
    case 'linear':
      return (
        <>
          <Title path={step.path}>
            Σ feature × weight + bias, of {step.terms.length + step.otherChannels} features of{' '}
            <Source path={step.input} />
          </Title>
          <table class="products">
            <thead>
              <tr>
                <th scope="col">ch.</th>
                <th scope="col">feature</th>
                <th scope="col">weight</th>
                <th scope="col">product</th>
              </tr>
            </thead>
            <tbody>
              {step.terms.map(term => (
                <tr key={term.channel}>
                  <th scope="row">{term.channel}</th>
                  <td>{short(term.value)}</td>
                  <td>{short(term.weight)}</td>
                  <td>{text(term.value * term.weight)}</td>
                </tr>
              ))}
              {step.otherChannels > 0 && <Others count={step.otherChannels} sum={text(step.otherSum)} />}
            </tbody>
          </table>
          <p class="working-out">+ {text(step.bias)}</p>
          <Result>{text(step.value)}</Result>
        </>
      );
  }
}

function Title({ path, children }: { readonly path: string; readonly children: preact.ComponentChildren }) {
  return (
    <p class="step-title">
      <b class="mono">{path}</b> {children}
    </p>
  );
}

function Result({ children }: { readonly children: preact.ComponentChildren }) {
  return (
    <p class="step-result number">
      <span aria-hidden="true">= </span>
      {children}
    </p>
  );
}

function Others({ count, sum }: { readonly count: number; readonly sum: string }) {
  return (
    <tr>
      <th scope="row" />
      <td colSpan={2} class="soft">
        {count} more
      </td>
      <td>{sum}</td>
    </tr>
  );
}

function Source({ path }: { readonly path: string }) {
  if (path === 'x') return <>the normalised image</>;
  return (
    <a class="mono" href={linkTo('inspect', { layer: path, channel: null })}>
      {path}
    </a>
  );
}

/** `+ 0.5`, `− 0.5` */
function plus(value: number): string {
  return `${value < 0 ? '−' : '+'} ${short(Math.abs(value))}`;
}

/** Four digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(4))).replace('-', '−');
}
