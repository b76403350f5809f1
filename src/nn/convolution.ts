import { DeviceError, ShapeError } from '../errors/index.ts';
import {
  type AdapterFamily,
  channelTile,
  chooseConv2d,
  choosePointwise,
  chooseWinogradMatmul,
  hasWideSimd,
  winogradChannelTile,
} from '../kernels/choose_conv2d.ts';
import { packConv2dHalves, packConv2dWeight } from '../kernels/conv2d.ts';
import { conv2dGemm, conv2dReduce } from '../kernels/conv2d_gemm.ts';
import { conv2dSubgroupMatrix } from '../kernels/conv2d_subgroup_matrix.ts';
import type { GemmTile } from '../kernels/gemm_tile.ts';
import { expectRank, windowOutput } from '../kernels/shape_checks.ts';
import { unfold } from '../kernels/unfold.ts';
import { winograd2x2Input, winogradInput } from '../kernels/winograd_input.ts';
import { winogradMatmulGemm, winogradMatmulSimd } from '../kernels/winograd_matmul.ts';
import { winograd2x2Output, winogradOutput } from '../kernels/winograd_output.ts';
import { winograd2x2Weight, winogradWeight } from '../kernels/winograd_weight.ts';
import type { SubgroupMatrix } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';
import { formatShapes, type Shape } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';
import {
  type ConvolutionAlgorithm,
  chooseAlgorithm,
  chooseForm,
  formOf,
  type WeightForm,
  type WeightSize,
} from './convolution_algorithm.ts';
import { halfFactors } from './half_weights.ts';
import type { Tuning } from './tuning.ts';

/** Of a convolution's columns, at a time: they are still in the cache when they are used. */
const COLUMNS_BYTES = 2e6;
const POINTWISE = { kernel: [1, 1], stride: 1, padding: 0 } as const;

export interface ConvolutionInputs {
  readonly x: Tensor;
  readonly scale?: Tensor;
  readonly shift?: Tensor;
  readonly residual?: Tensor;
}

/** How weights are to lie on the device. */
export interface WeightOptions {
  /** At their own size. Else 3x3 convolutions on the CPU take four times theirs, and a third of the time. */
  readonly compact?: boolean;
  /**
   * As 16-bit floats of 11 significant bits: half of their size, by the kernels for GPUs on every adapter. Everything else stays in 32 bits,
   * unless the device was opened with `subgroupMatrix`: then pixels are rounded to 16 bits as well where they are multiplied.
   */
  readonly halfWeights?: boolean;
  /** Which way of computing each convolution was measured to be the fastest on this adapter. */
  readonly tuning?: Tuning;
}

export interface ConvolutionOptions extends WeightOptions {
  readonly stride: number;
  readonly padding: number;
  /** The module's path. */
  readonly label: string;
  /** The one way to compute it, whatever suits. */
  readonly algorithm?: ConvolutionAlgorithm;
}

/** A convolution whose weights lie on the device in the form that suits its size and the adapter. */
export class Convolution {
  private constructor(
    private readonly device: Device,
    private readonly size: WeightSize,
    private readonly weight: Tensor,
    private readonly form: WeightForm,
    private readonly given: Pick<ConvolutionOptions, 'label' | 'tuning' | 'algorithm'>,
    /** [O], what the sums are to be multiplied by, as part of a scale: the inverse of what made the weights fit 16 bits. */
    readonly unit: Float32Array | undefined,
  ) {}

  /**
   * weight  [O, C, KH, KW], uploaded, rearranged by a kernel, and given back to the pool
   *
   * @throws WeightsError  one that is to be a 16-bit float is no finite number
   */
  static load(
    device: Device,
    weight: { readonly values: Float32Array; readonly shape: Shape },
    options: ConvolutionOptions,
  ): Convolution {
    const [outChannels, channels, height, width] = weight.shape as [number, number, number, number];
    const { stride, padding, label } = options;
    const size: WeightSize = { channels, outChannels, kernel: [height, width], stride, padding };
    const form = formFor(size, device, options);
    const factors = form === 'halves' ? halfFactors(label, weight) : undefined;
    const arranged = device.scope(() => {
      const name = `${label}.weight`;
      const unpacked = device.tensor(weight.values, weight.shape, name);
      if (factors) {
        const inputs = { weight: unpacked, factors: device.tensor(factors, [outChannels], name) };
        return device.run(packConv2dHalves, inputs, {}, { label: name }).y;
      }
      if (form === 'packed') {
        const tile = channelTile(device.adapter);
        return device.run(packConv2dWeight, { weight: unpacked }, { tile }, { label: name }).y;
      }
      const transform = form === 'winograd 2x2' ? winograd2x2Weight : winogradWeight;
      const tile = winogradChannelTile(device.adapter);
      return device.run(transform, { weight: unpacked }, { tile }, { label: name }).u;
    });
    return new Convolution(
      device,
      size,
      arranged,
      form,
      options,
      factors?.map(factor => 1 / factor),
    );
  }

  /** x [N, C, H, W] -> relu?(conv(x) * scale + shift + residual) [N, O, OH, OW]. @throws ShapeError */
  forward(inputs: ConvolutionInputs, { relu = false }: { relu?: boolean } = {}): Tensor {
    this.expectChannels(inputs.x.shape);
    const algorithm = this.algorithmFor(inputs.x.shape);
    return this.device.scope(() => {
      switch (algorithm.kind) {
        case 'direct':
          return this.direct(inputs, relu);
        case 'gemm':
        case 'subgroup matrix':
          return this.gemm(inputs, relu, algorithm);
        case 'winograd':
        case 'winograd 2x2':
          return this.winograd(inputs, relu, algorithm);
      }
    });
  }

  dispose(): void {
    this.weight.dispose();
  }

  /** By the module's name: a kernel would speak of what was made of x. @throws ShapeError */
  private expectChannels(x: Shape): void {
    const { label } = this.given;
    const [, channels] = expectRank(label, 'x', x, 4);
    if (channels !== this.size.channels)
      throw new ShapeError(
        `${label}: x must have ${this.size.channels} channels, got ${channels} (${formatShapes({ x })})`,
      );
  }

  /** Forced, measured or chosen; measurements count as far as the weights lie as they ask. */
  private algorithmFor([batch, , height, width]: Shape): ConvolutionAlgorithm {
    const { algorithm, tuning } = this.given;
    if (algorithm) return algorithm;
    const size = { ...this.size, batch: batch!, size: [height!, width!] as const };
    const tuned = tuning?.algorithmFor(size);
    if (tuned && formOf(tuned) === this.form) return tuned;
    // It was measured with 32-bit weights, but what suits a size suits it with 16.
    const { adapter } = this.device;
    if (tuned?.kind === 'gemm' && this.form === 'halves' && !adapter.subgroupMatrix)
      return { ...tuned, halfWeights: true };
    return chooseAlgorithm(size, this.form, adapter);
  }

  private direct(inputs: ConvolutionInputs, relu: boolean): Tensor {
    const { device, weight, size } = this;
    const { label } = this.given;
    if (isUnfolded(size, device.adapter)) return this.unfolded(inputs, relu);
    const [, , height, width] = inputs.x.shape;
    const variant = chooseConv2d(size, device.adapter, height! * width!);
    return device.run(variant, { ...inputs, weight }, { ...size, relu }, { label }).y;
  }

  private gemm(
    { x, ...epilogue }: ConvolutionInputs,
    relu: boolean,
    { kind, slices, ...tiled }: Extract<ConvolutionAlgorithm, { slices: number }>,
  ): Tensor {
    const { device, weight } = this;
    const { label } = this.given;
    const kernel: typeof conv2dGemm = kind === 'gemm' ? conv2dGemm : conv2dSubgroupMatrix(subgroupMatrixOf(device));
    const options = { ...this.size, ...tiled, slices };
    if (slices === 1) return device.run(kernel, { x, weight, ...epilogue }, { ...options, relu }, { label }).y;
    const { y: partial_sums } = device.run(kernel, { x, weight }, options, { label });
    return device.run(conv2dReduce, { partial_sums, ...epilogue }, { relu }, { label }).y;
  }

  private winograd(
    { x, ...epilogue }: ConvolutionInputs,
    relu: boolean,
    { kind, tile }: Extract<ConvolutionAlgorithm, { kind: 'winograd' | 'winograd 2x2' }>,
  ): Tensor {
    const { device } = this;
    const [toV, toY] = kind === 'winograd' ? [winogradInput, winogradOutput] : [winograd2x2Input, winograd2x2Output];
    const { label } = this.given;
    const { outChannels } = this.size;
    const [batch, , height, width] = x.shape as [number, number, number, number];
    const { v } = device.run(toV, { x }, {}, { label });
    const m = this.winogradProducts(v, tile);
    v.dispose();
    const shape = [batch, outChannels, height, width];
    return device.run(toY, { m, ...epilogue }, { shape, relu }, { label }).y;
  }

  private winogradProducts(v: Tensor, tile?: GemmTile): Tensor {
    const { device, weight: u } = this;
    const { label } = this.given;
    const { outChannels } = this.size;
    if (tile) return device.run(winogradMatmulGemm, { v, u }, { outChannels, tile }, { label }).m;
    const [, , tileGroups] = v.shape;
    if (device.adapter.kind !== 'wasm') {
      const product = chooseWinogradMatmul(device.adapter, tileGroups!);
      return device.run(product, { v, u }, { outChannels }, { label }).m;
    }
    const tiles = hasWideSimd(device.adapter) ? 16 : 8;
    return device.run(winogradMatmulSimd, { v, u }, { outChannels, tiles }, { label }).m;
  }

  /**
   * On a CPU a convolution is a 1x1, if need be of its windows as columns (docs/decisions.md), some rows at a time: the columns of all
   * take nine to 49 times the image's memory, and leave the cache before they are used.
   */
  private unfolded({ x, ...epilogue }: ConvolutionInputs, relu: boolean): Tensor {
    const { device, weight } = this;
    const { label } = this.given;
    const { outChannels, kernel, stride, padding } = this.size;
    const [batch, channels, height, width] = expectRank('conv2d', 'x', x.shape, 4);
    const outHeight = windowOutput('conv2d', height, { kernel: kernel[0], stride, padding });
    const outWidth = windowOutput('conv2d', width, { kernel: kernel[1], stride, padding });
    const bytesPerRow = 4 * channels * kernel[0] * kernel[1] * outWidth;
    const bands = Math.ceil((bytesPerRow * outHeight) / COLUMNS_BYTES);
    const rows = Math.ceil(outHeight / bands);
    const y = device.empty([batch, outChannels, outHeight, outWidth], label);
    for (let top = 0; top < outHeight; top += rows) {
      const band = { top, count: Math.min(rows, outHeight - top) };
      const columns = device.run(unfold, { x }, { kernel, stride, padding, rows: band }, { label }).y;
      const product = choosePointwise(POINTWISE, device.adapter, band.count * outWidth);
      const pointwise = { ...POINTWISE, outChannels, relu, band: { top, height: outHeight } };
      device.run(product, { x: columns, weight, ...epilogue }, pointwise, { label, outputs: { y } });
      columns.dispose();
    }
    return y;
  }
}

/**
 * Which convolutions are computed of their windows as columns. On SwiftShader a 3x3 at stride 2 takes a third of the time so; on
 * WebAssembly there is one kernel for all.
 */
function isUnfolded({ kernel: [height, width], stride, padding }: WeightSize, { kind }: AdapterFamily): boolean {
  if (kind === 'gpu') return false;
  if (height === 1 && width === 1 && padding === 0) return kind === 'wasm' && stride > 1;
  return kind === 'wasm' || height !== 3 || width !== 3 || stride > 1;
}

/** @throws DeviceError  the device was opened without them */
function subgroupMatrixOf({ adapter }: Device): SubgroupMatrix {
  if (adapter.subgroupMatrix) return adapter.subgroupMatrix;
  throw new DeviceError(
    `device: ${adapter.description} was opened without its matrix units. Open it with subgroupMatrix: true`,
  );
}

/** How weights are to lie: as asked, else as the algorithm, measurements or the adapter want them. */
function formFor(
  weight: WeightSize,
  { adapter }: Device,
  { compact, halfWeights, algorithm, tuning }: ConvolutionOptions,
): WeightForm {
  if (algorithm) return formOf(algorithm);
  if (halfWeights) return 'halves';
  return compact ? 'packed' : (tuning?.formFor(weight) ?? chooseForm(weight, adapter));
}
