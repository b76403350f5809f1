import { ShapeError } from '../errors/index.ts';
import type { AdapterFamily } from '../kernels/choose_conv2d.ts';
import { packConv2dWeight } from '../kernels/conv2d.ts';
import type { Conv2dOptions } from '../kernels/conv2d_plan.ts';
import * as kernels from '../kernels/index.ts';
import { Convolution } from '../nn/convolution.ts';
import {
  algorithmName,
  algorithmNamed,
  type ConvolutionAlgorithm,
  candidateAlgorithms,
  formOf,
  halfAlgorithms,
} from '../nn/convolution_algorithm.ts';
import { type ConvolutionShape, convolutionWork, sizeOf } from '../nn/resnet_work.ts';
import { Array64 } from '../oracle/array64.ts';
import { type Comparison, compareValues, makeInput, poisonPool } from '../oracle/check.ts';
import { packConv2dWeight as packReference, conv2d as reference } from '../oracle/reference/conv2d.ts';
import { toHalfPrecision } from '../oracle/reference/half.ts';
import { hasFeatureOf } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';
import type { AnyKernel } from '../runtime/pipelines.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { OpenSubject, Subject } from './subject.ts';

/** What the network runs where nothing was tuned: the choice of algorithm and kernels is the engine's. */
export const ENGINE = 'engine';
/** Images of a batch that differ: the reference computes them alone, and every image is compared with its like. */
const DISTINCT_IMAGES = 2;

/** Channels of weights that lie together, in one packing or another. */
const TILES = [8, 4, 6];

/** A convolution with its epilogue, as `ConvNorm` runs it. */
export class ConvolutionSubject implements Subject {
  readonly operation = 'conv2d';
  readonly shape: string;
  readonly flop: number;
  readonly bytes: number;
  private readonly options: Conv2dOptions;
  private values: Values | undefined;
  /** By which factors are rounded to 16 bits. */
  private readonly expected = new Map<Rounded, Float64Array[]>();

  constructor(
    private readonly convolution: ConvolutionShape,
    readonly modules: readonly string[] = [],
  ) {
    const { batch, channels, outChannels, kernel, stride, padding, side, residual, relu } = convolution;
    const strided = stride > 1 ? ` stride ${stride}` : '';
    const end = `${residual ? ' + residual' : ''}${relu ? ', relu' : ''}`;
    this.shape = `${batch}x${channels}x${side}x${side} > ${outChannels}, ${kernel}x${kernel}${strided}${end}`;
    const { y, flop } = convolutionWork(convolution);
    const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
    const read = batch * channels * side * side + outChannels * channels * kernel * kernel + 2 * outChannels;
    this.flop = flop;
    this.bytes = 4 * (read + (residual ? 2 : 1) * elements(y));
    this.options = { outChannels, kernel: [kernel, kernel], stride, padding, relu };
  }

  variants(adapter: AdapterFamily): readonly string[] {
    const size = sizeOf(this.convolution);
    const algorithms = [...candidateAlgorithms(size, adapter), ...halfAlgorithms(size, adapter)];
    // Those that compute directly are here by their kernels' names.
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
    const { stride, padding, relu } = this.options;
    const algorithm = algorithmNamed(variant);
    if (variant === ENGINE || algorithm) {
      const values = { values: weight!.data, shape: weight!.shape };
      const convolution = Convolution.load(device, values, { stride, padding, label: 'conv2d', algorithm });
      const { unit } = convolution;
      const scaled = unit && scale!.data.map((factor, o) => factor * unit[o]!);
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
    const { kernel, tile } = this.direct().find(({ name }) => name === variant)!;
    const packed = device.scope(
      () => device.run(packConv2dWeight, { weight: device.tensor(weight!.data, weight!.shape) }, { tile }).y,
    );
    const forward = (inputs: Inputs) => device.run(kernel, { ...inputs, weight: packed }, this.options as never).y!;
    return { forward, dispose: () => packed.dispose() };
  }

  /** Kernels that can do this shape, by each packing of the weights that they take. */
  private direct(): readonly { readonly name: string; readonly kernel: AnyKernel; readonly tile: number }[] {
    return directVariants().flatMap(kernel => {
      const tiles = TILES.filter(tile => this.fits(kernel, tile));
      return tiles.map(tile => ({ name: tiles.length > 1 ? `${kernel.name}/${tile}` : kernel.name, kernel, tile }));
    });
  }

  private fits(kernel: AnyKernel, tile: number): boolean {
    const { batch, channels, outChannels, kernel: window, side } = this.convolution;
    const weight = [Math.ceil(outChannels / tile), channels * window * window, tile];
    try {
      kernel.plan({ x: [batch, channels, side, side], weight }, this.options as never);
      return true;
    } catch (error) {
      if (error instanceof ShapeError) return false;
      throw error;
    }
  }

  private inputs(): Values {
    if (this.values) return this.values;
    const { batch, channels, outChannels, kernel, side, residual } = this.convolution;
    const { y } = convolutionWork(this.convolution);
    this.values = {
      x: images(batch, [channels, side, side], 1),
      weight: values([outChannels, channels, kernel, kernel], 2),
      scale: values([outChannels], 3),
      shift: values([outChannels], 4),
      ...(residual && { residual: images(batch, y.slice(1), 5) }),
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

  /** Each of the distinct images. */
  private compute(rounded: Rounded): Float64Array[] {
    const { x, weight, scale, shift, residual } = this.inputs();
    const vector = ({ shape, data }: Values[string]) => new Array64(shape, Float64Array.from(data));
    const factor = (array: Array64, isRounded: boolean) =>
      isRounded ? new Array64(array.shape, array.data.map(toHalfPrecision)) : array;
    const packed = packReference({ weight: factor(vector(weight!), rounded !== 'nothing') }, { tile: 8 }).y;
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
      return reference(inputs, this.options).y.data;
    });
  }
}

/** Which factors are rounded to 16 bits before they are multiplied: such a kernel is compared with what that gives. */
type Rounded = 'nothing' | 'weights' | 'products';

interface Implementation {
  readonly forward: (inputs: Inputs) => Tensor;
  readonly dispose: () => void;
  readonly rounded?: Rounded;
}

function roundedBy(algorithm: ConvolutionAlgorithm): Rounded {
  if (formOf(algorithm) !== 'halves') return 'nothing';
  return algorithm.kind === 'subgroup matrix' ? 'products' : 'weights';
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

/** A batch of which every other image is the same. */
function images(batch: number, shape: readonly number[], seed: number): Values[string] {
  const { data } = values([Math.min(batch, DISTINCT_IMAGES), ...shape], seed);
  const length = data.length / Math.min(batch, DISTINCT_IMAGES);
  const all = new Float32Array(batch * length);
  for (let n = 0; n < batch; n++) {
    const from = (n % DISTINCT_IMAGES) * length;
    all.set(data.subarray(from, from + length), n * length);
  }
  return { shape: [batch, ...shape], data: all };
}

/** Kernels that take what conv2d takes: they are told by their bindings, so that a new one needs no entry here. */
export function directVariants(): AnyKernel[] {
  const { conv2d } = kernels;
  const shape = ({ inputs, optional = [], outputs }: AnyKernel) => [...inputs, ...optional, ...outputs].join();
  return [...Object.values(kernels), ...extraVariants].filter(
    (kernel): kernel is AnyKernel => typeof kernel === 'object' && shape(kernel) === shape(conv2d),
  );
}

const extraVariants = new Set<AnyKernel>();

/** Adds a kernel that is being written: it is checked and timed beside the engine's own. Returns what takes it out again. */
export function registerConv2dVariant(kernel: AnyKernel): () => void {
  extraVariants.add(kernel);
  return () => extraVariants.delete(kernel);
}
