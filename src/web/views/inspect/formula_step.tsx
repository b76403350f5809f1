/** One step of a formula, with its numbers. */
import type { ComponentChildren } from 'preact';
import type { Step } from '../../../inspection/element_formula.ts';
import { TableHead } from '../../parts/table_head.tsx';
import { linkTo } from '../../state/route.ts';
import { NumberGrid } from './number_grid.tsx';

export interface StepViewProps {
  readonly step: Step;
  readonly text: (value: number) => string;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

export function StepView({ step, text, channel, row, column }: StepViewProps) {
  switch (step.kind) {
    case 'convolution':
      return (
        <>
          <Title path={step.path}>
            Σ patch × weights, over {step.patches.length + step.otherChannels} channels of <Source path={step.input} />
          </Title>
          <table class="products" data-window={step.kernel}>
            <TableHead columns={['ch.', 'patch', 'weights', 'sum']} />
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
            the same position in <Source path={step.path} />
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
            the {step.kind === 'max' ? 'maximum' : 'mean'} of {step.values.length} pixels of{' '}
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
            Σ feature × weight + bias, over {step.terms.length + step.otherChannels} features of{' '}
            <Source path={step.input} />
          </Title>
          <table class="products">
            <TableHead columns={['ch.', 'feature', 'weight', 'product']} />
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

function Title({ path, children }: { readonly path: string; readonly children: ComponentChildren }) {
  return (
    <p class="step-title">
      <b class="mono">{path}</b> {children}
    </p>
  );
}

function Result({ children }: { readonly children: ComponentChildren }) {
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

/** Formats four significant digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(4))).replace('-', '−');
}
