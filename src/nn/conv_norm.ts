import { WeightsError } from '../errors/index.ts';
import { addRelu } from '../kernels/add_relu.ts';
import { batchNorm } from '../kernels/batch_norm.ts';
import { relu } from '../kernels/relu.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { UnitConvolution } from '../weights/resnet_shapes.ts';
import type { StateDict } from '../weights/tensor_entry.ts';
import { Convolution, type WeightOptions } from './convolution.ts';
import type { Taps } from './taps.ts';

export interface ConvNormOptions {
  /** Epsilon of the batch norm. */
  readonly eps: number;
  readonly weights: WeightOptions;
}

interface Statistics {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly runningMean: Float32Array;
  readonly runningVar: Float32Array;
}

export type ConvNormSpec = UnitConvolution & ConvNormOptions;

/**
 * A convolution, its batch norm, the addition of the shortcut and the relu as one operation: the batch norm is the
 * scale and the shift of the convolution's epilogue. If an intermediate output is tapped, these run as separate
 * operations on the same weights.
 */
export class ConvNorm {
  private constructor(
    private readonly device: Device,
    readonly spec: ConvNormSpec,
    private readonly convolution: Convolution,
    private readonly scale: Tensor,
    private readonly shift: Tensor,
    private readonly statistics: Statistics,
  ) {}

  /** Reads five tensors of the state dict and uploads what inference needs. @throws WeightsError  one is missing */
  static async load(device: Device, stateDict: StateDict, spec: ConvNormSpec): Promise<ConvNorm> {
    const read = (name: string) => readTensor(stateDict, name);
    const weight = await read(`${spec.conv}.weight`);
    const statistics = {
      weight: (await read(`${spec.norm}.weight`)).values,
      bias: (await read(`${spec.norm}.bias`)).values,
      runningMean: (await read(`${spec.norm}.running_mean`)).values,
      runningVar: (await read(`${spec.norm}.running_var`)).values,
    };
    const { stride, padding, weights } = spec;
    return device.attempt(() => {
      const convolution = Convolution.load(device, weight, { stride, padding, label: spec.conv, ...weights });
      const { scale, shift } = uploadAffine(device, spec.norm, affineOf(statistics, spec.eps, convolution.descale));
      return new ConvNorm(device, spec, convolution, scale, shift, statistics);
    });
  }

  /** x [N, C, H, W] -> [N, O, OH, OW]. `residual` [N, O, OH, OW] is added before the relu. */
  forward(x: Tensor, taps: Taps, residual?: Tensor): Tensor {
    const { conv, norm, relu: reluPath } = this.spec;
    if (taps.wants(conv, norm)) return this.forwardUnfused(x, taps, residual);
    const { scale, shift } = this;
    const y = this.convolution.forward({ x, scale, shift, residual }, { relu: reluPath !== undefined });
    return reluPath === undefined ? y : taps.keep(reluPath, y);
  }

  dispose(): void {
    for (const owned of [this.convolution, this.scale, this.shift]) owned.dispose();
  }

  private forwardUnfused(x: Tensor, taps: Taps, residual?: Tensor): Tensor {
    const { conv, norm, eps, relu: reluPath } = this.spec;
    const { device, convolution, statistics } = this;
    const vector = (name: string, data: Float32Array) => device.tensor(data, [data.length], `${norm}.${name}`);
    return device.scope(() => {
      const { descale } = convolution;
      const convolved = convolution.forward({ x, scale: descale && vector('descale', descale) });
      taps.keep(conv, convolved);
      const inputs = {
        x: convolved,
        weight: vector('weight', statistics.weight),
        bias: vector('bias', statistics.bias),
        running_mean: vector('running_mean', statistics.runningMean),
        running_var: vector('running_var', statistics.runningVar),
      };
      const normalised = device.run(batchNorm, inputs, { eps }, { label: norm }).y;
      taps.keep(norm, normalised);
      if (reluPath === undefined) return normalised;
      const y = residual
        ? device.run(addRelu, { x: normalised, residual }, {}, { label: reluPath }).y
        : device.run(relu, { x: normalised }, {}, { label: reluPath }).y;
      return taps.keep(reluPath, y);
    });
  }
}

/**
 * Returns the batch norm of x * descale in the form y = x * scale + shift. Computes in f64, because the variances of
 * real weights range from 1e-13 to 1e5.
 */
function affineOf(
  { weight, bias, runningMean, runningVar }: Statistics,
  eps: number,
  descale?: Float32Array,
): Affine<Float32Array> {
  const scale = Float64Array.from(weight, (gamma, c) => gamma / Math.sqrt(runningVar[c]! + eps));
  const shift = Float32Array.from(bias, (beta, c) => beta - runningMean[c]! * scale[c]!);
  return { scale: Float32Array.from(scale, (factor, c) => factor * (descale?.[c] ?? 1)), shift };
}

interface Affine<Vector> {
  readonly scale: Vector;
  readonly shift: Vector;
}

/**
 * Uploads both as views of one buffer: the cost of a submit depends on the number of buffers that its dispatches bind
 * (docs/decisions.md).
 */
function uploadAffine(device: Device, norm: string, { scale, shift }: Affine<Float32Array>): Affine<Tensor> {
  const alignment = device.limits.minStorageBufferOffsetAlignment / 4;
  const shiftAt = Math.ceil(scale.length / alignment) * alignment;
  const values = new Float32Array(shiftAt + shift.length);
  values.set(scale);
  values.set(shift, shiftAt);
  return device.scope(() => {
    const both = device.tensor(values, [values.length], `${norm} scale and shift`);
    return { scale: both.view([scale.length]), shift: both.view([shift.length], shiftAt) };
  });
}

/** @throws WeightsError  the tensor is missing, or cannot be read */
export async function readTensor(
  stateDict: StateDict,
  name: string,
): Promise<{ shape: readonly number[]; values: Float32Array }> {
  const entry = stateDict.get(name);
  if (!entry)
    throw new WeightsError(`weights: ${name} is missing. The file belongs to another network or is incomplete`);
  return { shape: entry.shape, values: await entry.read() };
}
