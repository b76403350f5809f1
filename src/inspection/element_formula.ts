/** Computes one element of an activation again, step by step in f64: the formula behind one pixel, with its numbers. */
import { InputError } from '../errors/index.ts';
import { STEM_POOL } from '../weights/resnet_shapes.ts';
import type { StateDict } from '../weights/tensor_entry.ts';
import type { Operation } from './operations.ts';
import type { RecordedPass } from './recorded_pass.ts';

/** One input channel's part of a convolution's sum. */
export interface Patch {
  readonly channel: number;
  /** The window of the input, [kernel, kernel]; 0 in the padding. */
  readonly values: readonly number[];
  readonly weights: readonly number[];
  /** Sum of the products. */
  readonly sum: number;
}

export type Step =
  | {
      readonly kind: 'convolution';
      readonly path: string;
      /** The path of the operation whose output it reads, or `x`. */
      readonly input: string;
      /** Height and width of the window. */
      readonly kernelSize: number;
      /** Position of the window in the input; negative in the padding. */
      readonly top: number;
      readonly left: number;
      /** The input channels with the largest sums, by decreasing magnitude. */
      readonly patches: readonly Patch[];
      /** Number and sum of the channels that are not listed. */
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
      /** Values of the window row by row, without the padding. */
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
  /** From the input of the convolution or pool to the element. Each step reads the value of the previous one. */
  readonly steps: readonly Step[];
  /** The value of the last step. */
  readonly value: number;
  /** The value that the kernels computed, in f32. */
  readonly stored: number;
}

export interface ElementPlace {
  readonly path: string;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

/** Number of patches or terms that are listed. */
const LISTED = 8;

/** @throws InputError  the operation or the element does not exist */
export async function elementFormula(pass: RecordedPass, place: ElementPlace): Promise<ElementFormula> {
  const operation = pass.operation(place.path);
  const [channels, height, width] = operation.shape;
  const { channel, row, column } = place;
  const isInside = (at: number, size: number) => Number.isInteger(at) && at >= 0 && at < size;
  if (!isInside(channel, channels) || !isInside(row, height) || !isInside(column, width))
    throw new InputError(
      `formula: [${channel}, ${row}, ${column}] is not an element of ${operation.path} [${operation.shape.join(', ')}]`,
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
      const readChannel = async (name: string) => (await read(stateDict, `${path}.${name}`))[place.channel]!;
      const [mean, variance] = [await readChannel('running_mean'), await readChannel('running_var')];
      const [weight, bias] = [await readChannel('weight'), await readChannel('bias')];
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
      return [await poolStep(pass, operation, { ...place, ...STEM_POOL, kind: 'max' })];
    case 'average pool': {
      const kernelSize = pass.operation(input).shape[1];
      return [await poolStep(pass, operation, { ...place, kernelSize, stride: 1, padding: 0, kind: 'mean' })];
    }
    case 'linear':
      return [await linearStep(pass, operation, place.channel)];
  }
}

async function convolutionStep(pass: RecordedPass, operation: Operation, place: ElementPlace): Promise<Step> {
  const { path, input } = operation;
  const { kernelSize, stride, padding, channels } = operation.convolution!;
  const x = await pass.output(input);
  const weight = await read(pass.network.backbone.stateDict, `${path}.weight`);
  const [, height, width] = x.shape as [number, number, number];
  const [top, left] = [place.row * stride - padding, place.column * stride - padding];
  const area = kernelSize * kernelSize;
  const patches = Array.from({ length: channels }, (_, channel): Patch => {
    const at = (place.channel * channels + channel) * area;
    const weights = Array.from(weight.subarray(at, at + area));
    const values = weights.map((_, i) => {
      const [row, column] = [top + Math.floor(i / kernelSize), left + (i % kernelSize)];
      const isInside = row >= 0 && row < height && column >= 0 && column < width;
      return isInside ? x.values[(channel * height + row) * width + column]! : 0;
    });
    return { channel, values, weights, sum: values.reduce((sum, value, i) => sum + value * weights[i]!, 0) };
  });
  const { listed, otherChannels, otherSum, total } = heaviest(patches, ({ sum }) => sum);
  const window = { input, kernelSize, top, left };
  return { kind: 'convolution', path, ...window, patches: listed, otherChannels, otherSum, value: total };
}

interface PoolPlace extends ElementPlace {
  readonly kind: 'max' | 'mean';
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

async function poolStep(pass: RecordedPass, { path, input }: Operation, place: PoolPlace): Promise<Step> {
  const { kind, kernelSize, stride, padding, channel } = place;
  const { shape, values: x } = await pass.output(input);
  const [, height, width] = shape as [number, number, number];
  const [top, left] = [place.row * stride - padding, place.column * stride - padding];
  const within = (from: number, size: number) => [Math.max(0, from), Math.min(size, from + kernelSize)] as const;
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

/** Returns the items with the largest magnitudes, the sum of the others, and the total. */
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
