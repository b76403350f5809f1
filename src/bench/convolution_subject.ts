import { ShapeError } from '../errors/index.ts';
import { packConv2dWeight } from '../kernels/conv2d.ts';
import * as kernels from '../kernels/index.ts';
import { Convolution } from '../nn/convolution.ts';
import {
  algorithmName,
  algorithmNamed,
  type ConvolutionAlgorithm,
  candidateAlgorithms,
  halfAlgorithms,
  layoutOf,
} from '../nn/convolution_algorithm.ts';
import { convolutionWork, type FusedConvolution } from '../nn/resnet_work.ts';
import { Array64 } from '../oracle/array64.ts';
import { type Comparison, compareValues, makeInput, poisonPool } from '../oracle/check.ts';
import { packConv2dWeight as packReference, conv2d as reference } from '../oracle/reference/conv2d.ts';
import { toHalfPrecision } from '../oracle/reference/half.ts';
import { type AdapterFamily, hasFeatureOf } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';
import type { AnyKernel } from '../runtime/pipelines.ts';
import { elementCount, type Shape } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { OpenSubject, Subject } from './subject.ts';

/** The variant that a network runs without a tuning: `planConvolution` chooses. */
const ENGINE = 'engine';
/** Distinct images in a batch. The reference computes only these, and every image is compared with its own. */
const DISTINCT_IMAGES = 2;

/** The channel blocks that weights are packed in. */
const CHANNEL_BLOCKS = [8, 4, 6];

/** A convolution with its epilogue, as `ConvNorm` runs it. */
export class ConvolutionSubject implements Subject {
  readonly operation = 'conv2d';
  readonly shape: string;
  readonly flop: number;
  readonly bytes: number;
  private values: Values | undefined;
  /** Reference results, by which factors are rounded to 16 bits. */
  private readonly expected = new Map<Rounded, Float64Array[]>();

  constructor(
    private readonly convolution: FusedConvolution,
    readonly modules: readonly string[] = [],
  ) {
    const { batch, channels, outChannels, kernelSize, stride, size, residual, relu } = convolution;
    const strided = stride > 1 ? ` stride ${stride}` : '';
    const end = `${residual ? ' + residual' : ''}${relu ? ', relu' : ''}`;
    this.shape = `${batch}x${channels}x${size.join('x')} > ${outChannels}, ${kernelSize.join('x')}${strided}${end}`;
    const { y, flop } = convolutionWork(convolution);
    const { x, weight } = shapesOf(convolution);
    const read = elementCount(x) + elementCount(weight) + 2 * outChannels;
    this.flop = flop;
    this.bytes = 4 * (read + (residual ? 2 : 1) * elementCount(y));
  }

  variants(adapter: AdapterFamily): readonly string[] {
    const { convolution } = this;
    const algorithms = [...candidateAlgorithms(convolution, adapter), ...halfAlgorithms(convolution, adapter)];
    // The direct kernels are listed by their own names.
    const indirect = algorithms.filter(algorithm => algorithm.kind !== 'direct').map(algorithmName);
    const direct = this.direct().filter(({ kernel }) => hasFeatureOf(kernel, adapter));
    return [ENGINE, ...direct.map(({ name }) => name), ...indirect];
  }

  open(device: Device, variant: string): OpenSubject {
    const { x, weight, scale, shift, residual } = this.inputs();
    const { y } = convolutionWork(this.convolution);
    const upload = (name: string, { shape, data }: Values[string]) => device.tensor(data, shape, name);
    const tensors = {
      x: upload('x', x!),
      scale: upload('scale', scale!),
      shift: upload('shift', shift!),
      residual: residual && upload('residual', residual),
    };
    const { forward, dispose, rounded = 'nothing' } = this.implementation(device, variant, { weight, scale } as Values);
    const run = () => device.scope(() => forward(tensors));
    return {
      record: () => run().dispose(),
      check: async () => {
        await poisonPool(device, y);
        return this.compare(run(), rounded);
      },
      dispose: () => {
        dispose();
        for (const tensor of Object.values(tensors)) tensor?.dispose();
      },
    };
  }

  private implementation(device: Device, variant: string, { weight, scale }: Values): Implementation {
    const { stride, padding, relu } = this.convolution;
    const algorithm = algorithmNamed(variant);
    if (variant === ENGINE || algorithm) {
      const values = { values: weight!.data, shape: weight!.shape };
      const convolution = Convolution.load(device, values, { stride, padding, label: 'conv2d', algorithm });
      const { descale } = convolution;
      const scaled = descale && scale!.data.map((factor, o) => factor * descale[o]!);
      const own = scaled && { scale: device.tensor(scaled, scale!.shape, 'scale') };
      return {
        forward: inputs => convolution.forward({ ...inputs, ...own }, { relu }),
        dispose: () => {
          convolution.dispose();
          own?.scale.dispose();
        },
        rounded: algorithm && roundedBy(algorithm),
      };
    }
    const { kernel, channelBlock } = this.direct().find(({ name }) => name === variant)!;
    const packed = device.scope(
      () => device.run(packConv2dWeight, { weight: device.tensor(weight!.data, weight!.shape) }, { channelBlock }).y,
    );
    const forward = (inputs: Inputs) => device.run(kernel, { ...inputs, weight: packed }, this.convolution as never).y!;
    return { forward, dispose: () => packed.dispose() };
  }

  /** Returns the kernels that can compute this shape, with each channel block that they take. */
  private direct(): readonly DirectVariant[] {
    return directVariants().flatMap(kernel => {
      const blocks = CHANNEL_BLOCKS.filter(channelBlock => this.fits(kernel, channelBlock));
      return blocks.map(channelBlock => {
        const name = blocks.length > 1 ? `${kernel.name}/${channelBlock}` : kernel.name;
        return { name, kernel, channelBlock };
      });
    });
  }

  private fits(kernel: AnyKernel, channelBlock: number): boolean {
    const { channels, outChannels, kernelSize: window } = this.convolution;
    const weight = [Math.ceil(outChannels / channelBlock), channels * window[0] * window[1], channelBlock];
    try {
      kernel.plan({ x: shapesOf(this.convolution).x, weight }, this.convolution as never);
      return true;
    } catch (error) {
      if (error instanceof ShapeError) return false;
      throw error;
    }
  }

  private inputs(): Values {
    if (this.values) return this.values;
    const { outChannels, residual } = this.convolution;
    const { x, weight } = shapesOf(this.convolution);
    const { y } = convolutionWork(this.convolution);
    this.values = {
      x: images(x, 1),
      weight: values(weight, 2),
      scale: values([outChannels], 3),
      shift: values([outChannels], 4),
      ...(residual && { residual: images(y, 5) }),
    };
    return this.values;
  }

  private async compare(y: Tensor, rounded: Rounded): Promise<Comparison> {
    const got = await y.read();
    y.dispose();
    const expected = this.expected.get(rounded) ?? this.compute(rounded);
    this.expected.set(rounded, expected);
    const { batch } = this.convolution;
    const size = got.length / batch;
    const each = Array.from({ length: batch }, (_, n) =>
      compareValues('y', got.subarray(n * size, (n + 1) * size), imageOf(expected, n), {}),
    );
    return each.find(({ failure }) => failure) ?? each.reduce((a, b) => (b.largestError > a.largestError ? b : a));
  }

  /** Computes each distinct image. */
  private compute(rounded: Rounded): Float64Array[] {
    const { x, weight, scale, shift, residual } = this.inputs();
    const vector = ({ shape, data }: Values[string]) => new Array64(shape, Float64Array.from(data));
    const factor = (array: Array64, isRounded: boolean) =>
      isRounded ? new Array64(array.shape, array.data.map(toHalfPrecision)) : array;
    const packed = packReference({ weight: factor(vector(weight!), rounded !== 'nothing') }).y;
    return Array.from({ length: Math.min(this.convolution.batch, DISTINCT_IMAGES) }, (_, n) => {
      const image = ({ shape: [batch, ...size], data }: Values[string]) => {
        const length = data.length / batch!;
        return new Array64([1, ...size], Float64Array.from(data.subarray(n * length, (n + 1) * length)));
      };
      const inputs = {
        x: factor(image(x!), rounded === 'products'),
        weight: packed,
        scale: vector(scale!),
        shift: vector(shift!),
        residual: residual && image(residual),
      };
      return reference(inputs, this.convolution).y.data;
    });
  }
}

/** Which factors are rounded to 16 bits before they are multiplied. The reference rounds the same. */
type Rounded = 'nothing' | 'weights' | 'products';

interface DirectVariant {
  readonly name: string;
  readonly kernel: AnyKernel;
  readonly channelBlock: number;
}

interface Implementation {
  readonly forward: (inputs: Inputs) => Tensor;
  readonly dispose: () => void;
  readonly rounded?: Rounded;
}

function roundedBy(algorithm: ConvolutionAlgorithm): Rounded {
  if (layoutOf(algorithm) !== 'halves') return 'nothing';
  return algorithm.kind === 'subgroup matrix' ? 'products' : 'weights';
}

function shapesOf({ batch, channels, outChannels, kernelSize, size }: FusedConvolution) {
  return { x: [batch, channels, ...size], weight: [outChannels, channels, ...kernelSize] };
}

function imageOf(images: readonly Float64Array[], n: number): Array64 {
  const data = images[n % DISTINCT_IMAGES]!;
  return new Array64([data.length], data);
}

type Values = Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
type Inputs = Parameters<Convolution['forward']>[0];

function values(shape: readonly number[], seed: number): Values[string] {
  return makeInput(shape, seed) as Values[string];
}

/** Returns a batch in which the distinct images repeat. */
function images([batch, ...image]: Shape, seed: number): Values[string] {
  const { data } = values([Math.min(batch!, DISTINCT_IMAGES), ...image], seed);
  const shape = [batch!, ...image];
  const all = new Float32Array(elementCount(shape));
  for (let at = 0; at < all.length; at += data.length) all.set(data.subarray(0, all.length - at), at);
  return { shape, data: all };
}

/** Returns the kernels with the same bindings as conv2d, so that a new one needs no entry here. */
export function directVariants(): AnyKernel[] {
  const { conv2d } = kernels;
  const shape = ({ inputs, optional = [], outputs }: AnyKernel) => [...inputs, ...optional, ...outputs].join();
  return [...Object.values(kernels), ...extraVariants].filter(
    (kernel): kernel is AnyKernel => typeof kernel === 'object' && shape(kernel) === shape(conv2d),
  );
}

const extraVariants = new Set<AnyKernel>();

/** Adds a kernel under development, to be checked and timed beside the engine's. Returns a function that removes it. */
export function registerConv2dVariant(kernel: AnyKernel): () => void {
  extraVariants.add(kernel);
  return () => extraVariants.delete(kernel);
}
