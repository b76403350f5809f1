/** One element of an activation, worked out again from what it is made of: the formula with its numbers, in f64. */
import { InputError } from '../errors/index.ts';
import type { StateDict } from '../weights/tensor_entry.ts';
import type { Operation } from './operations.ts';
import type { RecordedPass } from './recorded_pass.ts';

/** What one input channel adds to the sum of a convolution. */
export interface Patch {
  readonly channel: number;
  /** [kernel, kernel]; 0 in the padding. */
  readonly values: readonly number[];
  readonly weights: readonly number[];
  /** Of the products. */
  readonly sum: number;
}

export type Step =
  | {
      readonly kind: 'convolution';
      readonly path: string;
      /** The operation whose output it reads, or `x`. */
      readonly input: string;
      readonly kernel: number;
      /** Of the patch in the input; may be negative, in the padding. */
      readonly top: number;
      readonly left: number;
      /** The input channels that weigh most, the heaviest first. */
      readonly patches: readonly Patch[];
      /** How many more channels there are, and what they add. */
      readonly otherChannels: number;
      readonly otherSum: number;
      readonly value: number;
    }
  | {
      readonly kind: 'batch norm';
      readonly path: string;
      readonly mean: number;
      readonly variance: number;
      readonly eps: number;
      /** gamma and beta */
      readonly weight: number;
      readonly bias: number;
      readonly value: number;
    }
  | { readonly kind: 'add'; readonly path: string; readonly residual: number; readonly value: number }
  | { readonly kind: 'relu'; readonly path: string; readonly value: number }
  | {
      readonly kind: 'max' | 'mean';
      readonly path: string;
      readonly input: string;
      readonly top: number;
      readonly left: number;
      /** Row by row; what lies in the padding is left out. */
      readonly values: readonly number[];
      readonly columns: number;
      readonly value: number;
    }
  | {
      readonly kind: 'linear';
      readonly path: string;
      readonly input: string;
      readonly terms: readonly { readonly channel: number; readonly value: number; readonly weight: number }[];
      readonly otherChannels: number;
      readonly otherSum: number;
      readonly bias: number;
      readonly value: number;
    };

export interface ElementFormula {
  readonly path: string;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
  /** From the input of the convolution, or of the pool, to the element; each step takes the value of the one before. */
  readonly steps: readonly Step[];
  /** What the steps come to. */
  readonly value: number;
  /** What the kernels computed, in f32. */
  readonly stored: number;
}

export interface ElementPlace {
  readonly path: string;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

/** Patches and terms that are listed one by one. */
const LISTED = 8;

/** @throws InputError  no such operation or element */
export async function elementFormula(pass: RecordedPass, place: ElementPlace): Promise<ElementFormula> {
  const operation = pass.operation(place.path);
  const [channels, height, width] = operation.shape;
  const { channel, row, column } = place;
  const isInside = (at: number, size: number) => Number.isInteger(at) && at >= 0 && at < size;
  if (!isInside(channel, channels) || !isInside(row, height) || !isInside(column, width))
    throw new InputError(
      `formula: no element [${channel}, ${row}, ${column}] in ${operation.path} [${operation.shape.join(', ')}]`,
    );
  const { values } = await pass.output(operation.path);
  const steps = await stepsTo(pass, operation, place);
  const stored = values[(channel * height + row) * width + column]!;
  return { path: operation.path, channel, row, column, steps, value: steps.at(-1)!.value, stored };
}

async function stepsTo(pass: RecordedPass, operation: Operation, place: ElementPlace): Promise<Step[]> {
  const { path, input, shortcut } = operation;
  const { stateDict, eps } = pass.network.backbone;
  switch (operation.kind) {
    case 'convolution':
      return [await convolutionStep(pass, operation, place)];
    case 'batch norm': {
      const steps = await stepsTo(pass, pass.operation(input), place);
      const of = async (name: string) => (await read(stateDict, `${path}.${name}`))[place.channel]!;
      const [mean, variance] = [await of('running_mean'), await of('running_var')];
      const [weight, bias] = [await of('weight'), await of('bias')];
      const value = ((steps.at(-1)!.value - mean) / Math.sqrt(variance + eps)) * weight + bias;
      return [...steps, { kind: 'batch norm', path, mean, variance, eps, weight, bias, value }];
    }
    case 'relu': {
      const steps = await stepsTo(pass, pass.operation(input), place);
      if (shortcut) {
        const { shape, values } = await pass.output(shortcut);
        const [, height, width] = shape;
        const residual = values[(place.channel * height! + place.row) * width! + place.column]!;
        steps.push({ kind: 'add', path: shortcut, residual, value: steps.at(-1)!.value + residual });
      }
      return [...steps, { kind: 'relu', path, value: Math.max(0, steps.at(-1)!.value) }];
    }
    case 'max pool':
      return [await poolStep(pass, operation, { ...place, kernel: 3, stride: 2, padding: 1, kind: 'max' })];
    case 'average pool': {
      const kernel = pass.operation(input).shape[1];
      return [await poolStep(pass, operation, { ...place, kernel, stride: 1, padding: 0, kind: 'mean' })];
    }
    case 'linear':
      return [await linearStep(pass, operation, place.channel)];
  }
}

async function convolutionStep(pass: RecordedPass, operation: Operation, place: ElementPlace): Promise<Step> {
  const { path, input } = operation;
  const { kernel, stride, padding, channels } = operation.convolution!;
  const x = await pass.output(input);
  const weight = await read(pass.network.backbone.stateDict, `${path}.weight`);
  const [, height, width] = x.shape as [number, number, number];
  const [top, left] = [place.row * stride - padding, place.column * stride - padding];
  const area = kernel * kernel;
  const patches = Array.from({ length: channels }, (_, channel): Patch => {
    const at = (place.channel * channels + channel) * area;
    const weights = Array.from(weight.subarray(at, at + area));
    const values = weights.map((_, i) => {
      const [row, column] = [top + Math.floor(i / kernel), left + (i % kernel)];
      const isInside = row >= 0 && row < height && column >= 0 && column < width;
      return isInside ? x.values[(channel * height + row) * width + column]! : 0;
    });
    return { channel, values, weights, sum: values.reduce((sum, value, i) => sum + value * weights[i]!, 0) };
  });
  const { listed, otherChannels, otherSum, total } = heaviest(patches, ({ sum }) => sum);
  return {
    ...{ kind: 'convolution', path, input, kernel, top, left },
    ...{ patches: listed, otherChannels, otherSum, value: total },
  } as Step;
}

interface PoolPlace extends ElementPlace {
  readonly kind: 'max' | 'mean';
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

async function poolStep(pass: RecordedPass, { path, input }: Operation, place: PoolPlace): Promise<Step> {
  const { kind, kernel, stride, padding, channel } = place;
  const { shape, values: x } = await pass.output(input);
  const [, height, width] = shape as [number, number, number];
  const [top, left] = [place.row * stride - padding, place.column * stride - padding];
  const within = (from: number, size: number) => [Math.max(0, from), Math.min(size, from + kernel)] as const;
  const [[row0, row1], [column0, column1]] = [within(top, height), within(left, width)];
  const values: number[] = [];
  for (let row = row0; row < row1; row++)
    for (let column = column0; column < column1; column++) values.push(x[(channel * height + row) * width + column]!);
  const value = kind === 'max' ? Math.max(...values) : values.reduce((a, b) => a + b, 0) / values.length;
  return { kind, path, input, top: row0, left: column0, values, columns: column1 - column0, value };
}

async function linearStep(pass: RecordedPass, { path, input }: Operation, output: number): Promise<Step> {
  const { stateDict } = pass.network.backbone;
  const { values } = await pass.output(input);
  const row = (await read(stateDict, `${path}.weight`)).subarray(output * values.length, (output + 1) * values.length);
  const bias = (await read(stateDict, `${path}.bias`))[output]!;
  const terms = Array.from(values, (value, channel) => ({ channel, value, weight: row[channel]! }));
  const { listed, otherChannels, otherSum, total } = heaviest(terms, ({ value, weight }) => value * weight);
  return { kind: 'linear', path, input, terms: listed, otherChannels, otherSum, bias, value: total + bias };
}

/** The items of the largest magnitude, and what the others come to. */
function heaviest<Item>(items: readonly Item[], amount: (item: Item) => number) {
  const sorted = [...items].sort((a, b) => Math.abs(amount(b)) - Math.abs(amount(a)));
  const sum = (some: readonly Item[]) => some.reduce((total, item) => total + amount(item), 0);
  const [listed, others] = [sorted.slice(0, LISTED), sorted.slice(LISTED)];
  const otherSum = sum(others);
  return { listed, otherChannels: others.length, otherSum, total: sum(listed) + otherSum };
}

async function read(stateDict: StateDict, name: string): Promise<Float32Array> {
  return stateDict.get(name)!.read();
}
