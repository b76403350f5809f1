/** Lists the operations of a network with their inputs, output shapes, parameters and FLOP. */
import { InputError } from '../errors/index.ts';
import { type FusedConvolution, type ModuleWork, resnetWork } from '../nn/resnet_work.ts';
import { elementCount } from '../runtime/shape.ts';
import type { Backbone } from '../weights/backbone.ts';
import { type BlockUnit, resnetUnits, type UnitConvolution } from '../weights/resnet_shapes.ts';

export type OperationKind = 'convolution' | 'batch norm' | 'relu' | 'max pool' | 'average pool' | 'linear';

export interface Operation {
  /** The module's path. If a relu runs several times, all runs except the last have a number: `layer1.0.relu:1`. */
  readonly path: string;
  readonly kind: OperationKind;
  /** The unit that it belongs to: `stem`, a block's path, or `end`. */
  readonly unit: string;
  /** [C, H, W] of its output for one image; [C, 1, 1] for a vector. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Number of trained parameters. */
  readonly parameters: number;
  /** For one image. A multiply-add counts as two. */
  readonly flop: number;
  /** From 1. The layers that a ResNet's name counts are the convolutions outside shortcuts, and `fc`. */
  readonly layer?: number;
  /** The operation whose output it reads; `x` is the normalised image. */
  readonly input: string;
  /** The operation whose output is added before the relu. */
  readonly shortcut?: string;
  /** Present if the operation is a convolution. */
  readonly convolution?: Pick<FusedConvolution, 'stride' | 'padding' | 'channels'> & { readonly kernelSize: number };
}

/**
 * Returns every operation of a network in the order of its modules; a shortcut's convolution comes after the others of
 * its block.
 */
export function operationsOf({ architecture, strideOn }: Pick<Backbone, 'architecture' | 'strideOn'>): Operation[] {
  const { stem, blocks } = resnetUnits(architecture, strideOn);
  const work = new Map(resnetWork(architecture, { strideOn }).map(module => [module.path, module]));
  const operations = stemOperations(work, stem);
  for (const block of blocks) operations.push(...blockOperations(work, block, operations.at(-1)!.path));
  operations.push(...endOperations(work, operations.at(-1)!));
  let layer = 0;
  return operations.map(operation => (isLayer(operation) ? { ...operation, layer: ++layer } : operation));
}

function isLayer({ kind, path }: Operation): boolean {
  return kind === 'linear' || (kind === 'convolution' && !path.includes('.downsample.'));
}

type Work = ReadonlyMap<string, ModuleWork>;

/** The unit that an operation belongs to, and the path of the operation whose output it reads. */
type Place = Pick<Operation, 'unit' | 'input'>;

function stemOperations(work: Work, stem: UnitConvolution): Operation[] {
  const unit = 'stem';
  const [convolved, norm] = convNormOperations(work, stem, { unit, input: 'x' });
  const relu = reluOperation(norm, stem.relu!);
  return [convolved, norm, relu, moduleOperation(work.get('maxpool')!, 'max pool', { unit, input: relu.path })];
}

/** `x` is the path of the operation whose output the block reads. */
function blockOperations(work: Work, { path: unit, convolutions, downsample }: BlockUnit, x: string): Operation[] {
  const operations: Operation[] = [];
  let input = x;
  for (const [i, convolution] of convolutions.entries()) {
    const [convolved, norm] = convNormOperations(work, convolution, { unit, input });
    operations.push(convolved, norm);
    if (convolution.residual) {
      const shortcut = downsample && convNormOperations(work, downsample, { unit, input: x });
      operations.push(...(shortcut ?? []), reluOperation(norm, convolution.relu!, shortcut?.[1].path ?? x));
    } else {
      input = `${convolution.relu}:${i + 1}`;
      operations.push(reluOperation(norm, input));
    }
  }
  return operations;
}

function endOperations(work: Work, { path, shape: [features] }: Operation): Operation[] {
  const pool = moduleOperation(work.get('avgpool')!, 'average pool', { unit: 'end', input: path });
  const fc = moduleOperation(work.get('fc')!, 'linear', { unit: 'end', input: pool.path });
  return [pool, { ...fc, parameters: fc.shape[0] * (features + 1) }];
}

function convNormOperations(work: Work, described: UnitConvolution, place: Place): [Operation, Operation] {
  const { conv, norm, channels, outChannels, kernelSize, stride, padding } = described;
  const convolved = moduleOperation(work.get(conv)!, 'convolution', place);
  const parameters = outChannels * channels * kernelSize ** 2;
  const flop = 2 * elementCount(convolved.shape);
  return [
    { ...convolved, parameters, convolution: { kernelSize, stride, padding, channels } },
    { ...convolved, path: norm, kind: 'batch norm', parameters: 2 * outChannels, flop, input: conv },
  ];
}

/** Returns the relu of a batch norm's output, after the addition of the shortcut if there is one. */
function reluOperation({ path: input, unit, shape }: Operation, path: string, shortcut?: string): Operation {
  const flop = (shortcut === undefined ? 1 : 2) * elementCount(shape);
  return { path, kind: 'relu', unit, shape, parameters: 0, flop, input, shortcut };
}

/** Returns the operation that is all of a module, without parameters. */
function moduleOperation({ path, y, flop }: ModuleWork, kind: OperationKind, place: Place): Operation {
  const [channels, height = 1, width = 1] = y.slice(1);
  return { path, kind, shape: [channels!, height, width], parameters: 0, flop, ...place };
}

/**
 * Returns the operation whose output is the output of a module; for `layer4`, the relu of its last block.
 *
 * @throws InputError  no such module
 */
export function findOperation(operations: readonly Operation[], path: string): Operation {
  const unit = operations.filter(operation => operation.unit === path || operation.unit.startsWith(`${path}.`)).at(-1);
  const module = path.endsWith('.downsample') ? `${path}.1` : path;
  const found = operations.find(operation => operation.path === module) ?? (path === 'end' ? undefined : unit);
  if (!found) throw new InputError(`layer: unknown operation "${path}". Name a module such as layer4 or fc`);
  return found;
}

/**
 * Returns the bytes that an operation must move in f32: it reads each input and weight once and writes each output
 * once.
 */
export function leastBytes(operations: readonly Operation[], operation: Operation): number {
  const input = operations.find(({ path }) => path === operation.input);
  const read = input ? elementCount(input.shape) : IMAGE_ELEMENTS;
  return 4 * (read + operation.parameters + elementCount(operation.shape));
}

const IMAGE_ELEMENTS = 3 * 224 * 224;
