/** A network operation by operation: what each computes, on what, and what it costs. */

import { InputError } from '../errors/index.ts';
import { type FusedConvolution, resnetWork } from '../nn/resnet_work.ts';
import type { Backbone } from '../weights/backbone.ts';
import { RESNET_LAYOUTS } from '../weights/resnet_shapes.ts';

export type OperationKind = 'convolution' | 'batch norm' | 'relu' | 'max pool' | 'average pool' | 'linear';

export interface Operation {
  /** The module's path. A relu that runs several times has a number for all but the last: `layer1.0.relu:1`. */
  readonly path: string;
  readonly kind: OperationKind;
  /** What it is a part of: `stem`, a block's path, or `end`. */
  readonly unit: string;
  /** [C, H, W] of its output for one image; a vector's is [C, 1, 1]. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Trained numbers. */
  readonly parameters: number;
  /** For one image; a multiply-add is two. */
  readonly flop: number;
  /** From 1: the layers that give a ResNet its number are the convolutions outside of shortcuts, and `fc`. */
  readonly layer?: number;
  /** The operation whose output it reads; `x` is the normalised image. */
  readonly input: string;
  /** The operation whose output is added before the relu. */
  readonly shortcut?: string;
  /** Of a convolution. */
  readonly convolution?: Pick<FusedConvolution, 'stride' | 'padding' | 'channels'> & { readonly kernel: number };
}

/** Every operation of a network, in the order in which its modules stand. */
export function operationsOf({ architecture, strideOn }: Pick<Backbone, 'architecture' | 'strideOn'>): Operation[] {
  const { block, blocks } = RESNET_LAYOUTS[architecture];
  const work = new Map(resnetWork(architecture, { strideOn }).map(module => [module.path, module]));
  const operations: Operation[] = [];
  let layer = 0;
  const add = (operation: Omit<Operation, 'path' | 'parameters'> & { path: string; parameters?: number }) => {
    operations.push({ parameters: 0, ...operation });
    return operation.path;
  };
  const convolve = (unit: string, [conv, norm]: readonly [string, string], input: string, isCounted = true) => {
    const { y, flop, convolution } = work.get(conv)!;
    const { stride, padding, channels } = convolution!;
    const [kernel] = convolution!.kernel;
    const shape = y.slice(1) as unknown as Operation['shape'];
    add({
      path: conv,
      kind: 'convolution',
      unit,
      shape,
      parameters: shape[0] * channels * kernel * kernel,
      flop,
      layer: isCounted ? ++layer : undefined,
      input,
      convolution: { kernel, stride, padding, channels },
    });
    const elements = shape[0] * shape[1] * shape[2];
    add({ path: norm, kind: 'batch norm', unit, shape, parameters: 2 * shape[0], flop: 2 * elements, input: conv });
    return { path: norm, shape, elements };
  };

  const stem = convolve('stem', ['conv1', 'bn1'], 'x');
  add({ path: 'relu', kind: 'relu', unit: 'stem', shape: stem.shape, flop: stem.elements, input: 'bn1' });
  const pool = work.get('maxpool')!;
  const pooled = pool.y.slice(1) as unknown as Operation['shape'];
  let from = add({ path: 'maxpool', kind: 'max pool', unit: 'stem', shape: pooled, flop: pool.flop, input: 'relu' });
  const last = block === 'basic' ? 2 : 3;
  for (const [stage, count] of blocks.entries())
    for (let index = 0; index < count; index++) {
      const unit = `layer${stage + 1}.${index}`;
      let input = from;
      let end = stem;
      for (let i = 1; i <= last; i++) {
        end = convolve(unit, [`${unit}.conv${i}`, `${unit}.bn${i}`], input);
        const { path, shape, elements } = end;
        if (i < last)
          input = add({ path: `${unit}.relu:${i}`, kind: 'relu', unit, shape, flop: elements, input: path });
      }
      const hasDownsample = work.has(`${unit}.downsample.0`);
      const shortcut = hasDownsample
        ? convolve(unit, [`${unit}.downsample.0`, `${unit}.downsample.1`], from, false).path
        : from;
      const { path, shape, elements } = end;
      from = add({ path: `${unit}.relu`, kind: 'relu', unit, shape, flop: 2 * elements, input: path, shortcut });
    }
  const averaged = work.get('avgpool')!;
  const features = averaged.y[1]!;
  add({
    path: 'avgpool',
    kind: 'average pool',
    unit: 'end',
    shape: [features, 1, 1],
    flop: averaged.flop,
    input: from,
  });
  const fc = work.get('fc')!;
  const classes = fc.y[1]!;
  add({
    path: 'fc',
    kind: 'linear',
    unit: 'end',
    shape: [classes, 1, 1],
    parameters: classes * (features + 1),
    flop: fc.flop,
    layer: ++layer,
    input: 'avgpool',
  });
  return operations;
}

/** The operation that gives a module's output: `layer4` is its last block's relu. @throws InputError  no such module */
export function findOperation(operations: readonly Operation[], path: string): Operation {
  const unit = operations.filter(operation => operation.unit === path || operation.unit.startsWith(`${path}.`)).at(-1);
  const module = path.endsWith('.downsample') ? `${path}.1` : path;
  const found = operations.find(operation => operation.path === module) ?? (path === 'end' ? undefined : unit);
  if (!found) throw new InputError(`layer: no operation "${path}" in this network`);
  return found;
}

/** What an operation must move at least, in f32: each input and each weight read once, each output written once. */
export function leastBytes(operations: readonly Operation[], operation: Operation): number {
  const elements = ([channels, height, width]: Operation['shape']) => channels * height * width;
  const input = operations.find(({ path }) => path === operation.input);
  const [read, written] = [input ? elements(input.shape) : IMAGE_ELEMENTS, elements(operation.shape)];
  return 4 * (read + operation.parameters + written);
}

const IMAGE_ELEMENTS = 3 * 224 * 224;
