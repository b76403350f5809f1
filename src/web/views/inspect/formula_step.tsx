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

export function StepView(props: StepViewProps) {
  const { step, text } = props;
  return (
    <>
      <StepBody {...props} />
      <p class="step-result number">
        <span aria-hidden="true">= </span>
        {text(step.value)}
      </p>
    </>
  );
}

/** Shows a step without its result. */
function StepBody({ step, text, channel, row, column }: StepViewProps) {
  switch (step.kind) {
    case 'convolution':
      return <ConvolutionStep step={step} text={text} />;
    case 'batch norm':
      return <BatchNormStep step={step} />;
    case 'add':
      return (
        <>
          <Title path="+ shortcut">
            the same position in <Source path={step.path} />
          </Title>
          <p class="working-out">+ {text(step.residual)}</p>
        </>
      );
    case 'relu':
      return <Title path={step.path}>max(0, ·)</Title>;
    case 'max':
      return (
        <PoolStep step={step}>
          , channel {channel}, around row {2 * row}, column {2 * column}
        </PoolStep>
      );
    case 'mean':
      return <PoolStep step={step} />;
    case 'linear':
      return <LinearStep step={step} text={text} />;
  }
}

type StepOf<Kind extends Step['kind']> = Extract<Step, { readonly kind: Kind }>;

interface SumProps<Kind extends 'convolution' | 'linear'> {
  readonly step: StepOf<Kind>;
  readonly text: (value: number) => string;
}

function ConvolutionStep({ step, text }: SumProps<'convolution'>) {
  const { path, input, kernelSize, patches, otherChannels } = step;
  return (
    <>
      <Title path={path}>
        Σ patch × weights, over {patches.length + otherChannels} channels of <Source path={input} />
      </Title>
      <table class="products" data-window={kernelSize}>
        <TableHead columns={['ch.', 'patch', 'weights', 'sum']} />
        <tbody>
          {patches.map(({ channel, values, weights, sum }) => (
            <tr key={channel}>
              <th scope="row">{channel}</th>
              <td>
                <NumberGrid values={values} columns={kernelSize} />
              </td>
              <td>
                <NumberGrid values={weights} columns={kernelSize} />
              </td>
              <td>{text(sum)}</td>
            </tr>
          ))}
          <OtherChannels step={step} text={text} />
        </tbody>
      </table>
    </>
  );
}

function LinearStep({ step, text }: SumProps<'linear'>) {
  const { path, input, terms, otherChannels, bias } = step;
  return (
    <>
      <Title path={path}>
        Σ feature × weight + bias, over {terms.length + otherChannels} features of <Source path={input} />
      </Title>
      <table class="products">
        <TableHead columns={['ch.', 'feature', 'weight', 'product']} />
        <tbody>
          {terms.map(({ channel, value, weight }) => (
            <tr key={channel}>
              <th scope="row">{channel}</th>
              <td>{short(value)}</td>
              <td>{short(weight)}</td>
              <td>{text(value * weight)}</td>
            </tr>
          ))}
          <OtherChannels step={step} text={text} />
        </tbody>
      </table>
      <p class="working-out">+ {text(bias)}</p>
    </>
  );
}

/** The table row for the channels that are not listed. */
function OtherChannels({ step: { otherChannels, otherSum }, text }: SumProps<'convolution' | 'linear'>) {
  if (otherChannels === 0) return null;
  return (
    <tr>
      <th scope="row" />
      <td colSpan={2} class="soft">
        {otherChannels} more
      </td>
      <td>{text(otherSum)}</td>
    </tr>
  );
}

function BatchNormStep({ step: { path, mean, variance, eps, weight, bias } }: { readonly step: StepOf<'batch norm'> }) {
  return (
    <>
      <Title path={path}>(Σ − mean) ÷ √(variance + ε) × γ + β</Title>
      <p class="working-out">
        (Σ {plus(-mean)}) ÷ √({short(variance)} {plus(eps)}) × {short(weight)} {plus(bias)}
      </p>
    </>
  );
}

interface PoolStepProps {
  readonly step: StepOf<'max' | 'mean'>;
  /** Text after the name of the input. */
  readonly children?: ComponentChildren;
}

function PoolStep({ step: { kind, path, input, values, columns }, children }: PoolStepProps) {
  return (
    <>
      <Title path={path}>
        the {kind === 'max' ? 'maximum' : 'mean'} of {values.length} pixels of <Source path={input} />
        {children}
      </Title>
      <NumberGrid values={values} columns={columns} />
    </>
  );
}

function Title({ path, children }: { readonly path: string; readonly children: ComponentChildren }) {
  return (
    <p class="step-title">
      <b class="mono">{path}</b> {children}
    </p>
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
