import { conv2d, conv2d3x3, packConv2dHalves, packConv2dWeight } from '../kernels/conv2d.ts';
import {
  conv2d1x1,
  conv2d1x1Quads,
  conv2d1x1Swaps,
  conv2d1x1X8,
  conv2d1x1X16,
  X16_PIXELS,
} from '../kernels/conv2d_1x1.ts';
import {
  winogradMatmul,
  winogradMatmulGemm,
  winogradMatmulSimd,
  winogradMatmulSwaps,
} from '../kernels/winograd_matmul.ts';
import { winograd2x2Output, winogradOutput } from '../kernels/winograd_output.ts';

// Above: shaders that are alike. Next to each other, they make the page's bundle 0.7 kB smaller when it is compressed.

import { DeviceError } from '../errors/index.ts';
import { conv2dGemm, conv2dReduce } from '../kernels/conv2d_gemm.ts';
import { CHANNEL_BLOCK } from '../kernels/conv2d_plan.ts';
import { conv2dSubgroupMatrix, MATRIX_TILE } from '../kernels/conv2d_subgroup_matrix.ts';
import { GEMM_TILES, type GemmTile } from '../kernels/gemm_tile.ts';
import { windowOutput } from '../kernels/shape_checks.ts';
import { unfold } from '../kernels/unfold.ts';
import { winograd2x2Input, winogradInput } from '../kernels/winograd_input.ts';
import { winogradTiling } from '../kernels/winograd_tiling.ts';
import { winograd2x2Weight, winogradWeight } from '../kernels/winograd_weight.ts';
import { type AdapterFamily, hasFeatureOf, hasWideSimd, type SubgroupMatrix } from '../runtime/adapter.ts';
import type { AnyKernel } from '../runtime/pipelines.ts';
import type { Shape } from '../runtime/shape.ts';
import {
  type ConvolutionAlgorithm,
  ENOUGH_WORKGROUPS,
  isWinograd,
  layoutOf,
  slicings,
  type TileSize,
  type WeightLayout,
  workgroupsOf,
} from './convolution_algorithm.ts';
import { type ConvolutionLayer, type ConvolutionSize, fitsWinograd } from './convolution_size.ts';
import type { Tuning } from './tuning.ts';

/** How weights should be stored on the device, and which algorithm should read them. */
export interface WeightOptions {
  /**
   * Store weights at their own size. By default 3x3 convolutions on the CPU take four times the memory, and a third
   * of the time.
   */
  readonly compact?: boolean;
  /**
   * Store weights as 16-bit floats with 11 significant bits: half of the memory, with the kernels for GPUs on every
   * adapter. Everything else stays in 32 bits, unless the device was opened with `subgroupMatrix`: then pixels are
   * rounded to 16 bits too before they are multiplied.
   */
  readonly halfWeights?: boolean;
  /** The fastest algorithm for each convolution, as measured on this adapter. */
  readonly tuning?: Tuning;
}

export interface PlanOptions extends WeightOptions {
  /** Use this algorithm, even where another would be faster. */
  readonly algorithm?: ConvolutionAlgorithm;
  /** The layout that the weights already have. By default the plan chooses. */
  readonly layout?: WeightLayout;
}

/** One dispatch: a kernel and its options, except for `relu`. */
export interface Step {
  readonly kernel: AnyKernel;
  readonly options: object;
}

/** The part of a plan that does not depend on the input's size. */
export interface WeightPlan {
  readonly layout: WeightLayout;
  /** Packs the weights [O, C, KH, KW] once, when they are loaded. */
  readonly packing: Step;
}

/** The steps that compute a convolution. */
interface Steps {
  /**
   * The steps for each band of rows of y. A band's first step reads x, every other step reads the output of the step
   * before it, and the last one applies the epilogue. Only unfolded convolutions have more than one band.
   */
  readonly bands: readonly (readonly Step[])[];
  /** Shape of y, if bands write parts of it. Otherwise the last step creates y. */
  readonly y?: Shape;
}

export interface ConvolutionPlan extends WeightPlan, Steps {
  readonly algorithm: ConvolutionAlgorithm;
}

/**
 * Fewest channels, in and out, for Winograd on a CPU. The more channels there are, the less the transforms of pixels
 * weigh: at 56 x 56 x 64, 28 x 28 x 128, 14 x 14 x 256 and 7 x 7 x 512 Winograd takes 0.55, 0.45, 0.37 and 0.30 of
 * the direct time on WebAssembly, and 0.30, 0.38, 0.27 and 0.45 on SwiftShader (docs/decisions.md).
 */
const LEAST_WINOGRAD_CHANNELS = 64;
/**
 * Most bytes of unfolded columns in a band, so that they are still in the cache when the product reads them. All
 * columns at once take nine to 49 times the memory of x, 7.4 MB for the stem. With bands ResNet-18 takes 0.99 of the
 * time (docs/decisions.md).
 */
const COLUMNS_BYTES = 2e6;

/** Decides how to compute a convolution, from sizes, adapter and options alone. @throws ShapeError | DeviceError */
export function planConvolution(
  size: ConvolutionSize,
  adapter: AdapterFamily,
  options: PlanOptions = {},
): ConvolutionPlan {
  const weights = planWeights(size, adapter, options);
  const algorithm = chooseAlgorithm(size, weights.layout, adapter, options);
  return { ...weights, algorithm, ...planSteps(size, algorithm, adapter) };
}

/** Decides what is needed to load weights: an explicit choice, then tuning, then the adapter's default. */
export function planWeights(
  layer: ConvolutionLayer,
  adapter: AdapterFamily,
  { layout, algorithm, halfWeights, compact, tuning }: PlanOptions = {},
): WeightPlan {
  const chosen =
    layout ??
    (algorithm && layoutOf(algorithm)) ??
    (halfWeights ? 'halves' : compact ? 'packed' : (tuning?.layoutFor(layer) ?? defaultLayout(layer, adapter)));
  return { layout: chosen, packing: packingOf(chosen, adapter) };
}

/** On a GPU, Winograd is left to tuning: at batch 1 the GPU would wait for the larger weights. */
function defaultLayout(layer: ConvolutionLayer, { kind }: AdapterFamily): WeightLayout {
  const channels = Math.min(layer.channels, layer.outChannels);
  return kind !== 'gpu' && fitsWinograd(layer) && channels >= LEAST_WINOGRAD_CHANNELS ? 'winograd' : 'packed';
}

/**
 * A channel block is as many channels as one invocation computes. On WebAssembly its sums must fit the registers:
 * blocks of 6 do with relaxed SIMD, which multiplies and adds in one instruction, blocks of 4 without. On software
 * Vulkan a load costs more than a register that spills, and blocks of 16 take 0.8 of the time of 8 for Winograd's
 * products (docs/decisions.md).
 */
function packingOf(layout: WeightLayout, { kind, architecture }: AdapterFamily): Step {
  const channelBlock = kind === 'wasm' ? (architecture === 'wasm-simd' ? 4 : 6) : CHANNEL_BLOCK;
  if (layout === 'halves') return step(packConv2dHalves, {});
  if (layout === 'packed') return step(packConv2dWeight, { channelBlock });
  const winogradBlock = kind === 'software' ? 2 * CHANNEL_BLOCK : channelBlock;
  return step(layout === 'winograd' ? winogradWeight : winograd2x2Weight, { channelBlock: winogradBlock });
}

/** An explicit choice, then tuning if it fits the weights' layout, then the rule for the adapter. */
function chooseAlgorithm(
  size: ConvolutionSize,
  layout: WeightLayout,
  adapter: AdapterFamily,
  { algorithm, tuning }: PlanOptions,
): ConvolutionAlgorithm {
  if (algorithm) return algorithm;
  const tuned = tuning?.algorithmFor(size);
  if (tuned && layoutOf(tuned) === layout) return tuned;
  const isHalf = layout === 'halves';
  if (isHalf && adapter.subgroupMatrix) return { kind: 'subgroup matrix', slices: mostSlices(size, MATRIX_TILE) };
  // Tuning measured 32-bit weights, but what is fastest with them is fastest with 16-bit weights.
  if (isHalf && tuned?.kind === 'gemm') return { ...tuned, halfWeights: true };
  if (!isHalf && adapter.kind !== 'gpu') return { kind: layout === 'winograd' ? 'winograd' : 'direct' };
  const tile = GEMM_TILES.findLast(one => workgroupsOf(size, layout, one) >= ENOUGH_WORKGROUPS) ?? GEMM_TILES[0]!;
  if (isWinograd(layout)) return { kind: layout, tile };
  return { kind: 'gemm', tile, slices: mostSlices(size, tile), ...(isHalf && { halfWeights: true }) };
}

function mostSlices(size: ConvolutionSize, tile: TileSize): number {
  return slicings(size, tile).at(-1)!;
}

function planSteps(size: ConvolutionSize, algorithm: ConvolutionAlgorithm, adapter: AdapterFamily): Steps {
  const shape = [size.batch, size.outChannels, ...size.size];
  switch (algorithm.kind) {
    case 'direct':
      return planDirect(size, adapter);
    case 'gemm':
      return sliced(step(conv2dGemm, { ...size, ...algorithm }), algorithm.slices);
    case 'subgroup matrix':
      return sliced(step(conv2dSubgroupMatrix(matrixOf(adapter)), { ...size, ...algorithm }), algorithm.slices);
    case 'winograd':
      return chain(
        step(winogradInput, {}),
        winogradProduct(size, algorithm.tile, adapter),
        step(winogradOutput, { shape }),
      );
    case 'winograd 2x2':
      return chain(
        step(winograd2x2Input, {}),
        winogradProduct(size, algorithm.tile, adapter),
        step(winograd2x2Output, { shape }),
      );
  }
}

function chain(...steps: Step[]): Steps {
  return { bands: [steps] };
}

function sliced(product: Step, slices: number): Steps {
  return slices === 1 ? chain(product) : chain(product, step(conv2dReduce, {}));
}

function winogradProduct(
  { batch, outChannels, size }: ConvolutionSize,
  tile: GemmTile | undefined,
  adapter: AdapterFamily,
): Step {
  if (tile) return step(winogradMatmulGemm, { outChannels, tile });
  if (adapter.kind === 'wasm')
    return step(winogradMatmulSimd, { outChannels, winogradTiles: hasWideSimd(adapter) ? 16 : 8 });
  // With 8 Winograd tiles or fewer, half of a quad of invocations would be idle.
  const isShared =
    adapter.kind === 'software' &&
    hasFeatureOf(winogradMatmulSwaps, adapter) &&
    winogradTiling([batch, ...size], 4).tiles > 8;
  return step(isShared ? winogradMatmulSwaps : winogradMatmul, { outChannels });
}

/**
 * On WebAssembly all but 1x1 windows at stride 1 are unfolded: the 7x7 stem takes 6 ms instead of 22. On software
 * Vulkan a window that moves by 2 needs an index and a test for each load: 128 channels of 56 x 56 by 3x3 take 148 ms
 * directly, and 3 + 52 ms unfolded (docs/decisions.md).
 */
function planDirect(size: ConvolutionSize, adapter: AdapterFamily): Steps {
  const { kernelSize, stride, padding } = size;
  const isWasm = adapter.kind === 'wasm';
  const [height, width] = size.size;
  if (kernelSize[0] === 1 && kernelSize[1] === 1 && padding === 0 && !(isWasm && stride > 1))
    return chain(step(pointwiseKernel(stride, height * width, adapter), size));
  if (kernelSize[0] === 3 && kernelSize[1] === 3 && stride === 1 && !isWasm) return chain(step(conv2d3x3, size));
  return adapter.kind === 'gpu' ? chain(step(conv2d, size)) : planUnfolded(size, adapter);
}

/** Plans a 1x1 convolution of the windows as columns, one band of rows at a time. @throws ShapeError */
function planUnfolded(size: ConvolutionSize, adapter: AdapterFamily): Steps {
  const { batch, channels, outChannels, kernelSize, stride, padding } = size;
  const [height, width] = size.size.map((length, i) =>
    windowOutput('conv2d', length, { kernelSize: kernelSize[i]!, stride, padding }),
  ) as [number, number];
  const bytesPerRow = 4 * channels * kernelSize[0] * kernelSize[1] * width;
  const rows = Math.ceil(height / Math.ceil((bytesPerRow * height) / COLUMNS_BYTES));
  const bands = Array.from({ length: Math.ceil(height / rows) }, (_, i) => {
    const top = i * rows;
    const count = Math.min(rows, height - top);
    const pointwise = { kernelSize: [1, 1], stride: 1, padding: 0, outChannels, band: { top, height } } as const;
    return [
      step(unfold, { kernelSize, stride, padding, rows: { top, count } }),
      step(pointwiseKernel(1, count * width, adapter), pointwise),
    ];
  });
  return { bands, y: [batch, outChannels, height, width] };
}

/**
 * Chooses the kernel for 1x1 windows without padding, on planes of so many pixels. On one core of an EPYC, tiles of 6
 * channels x 8 pixels reach 58 GFLOP/s, and tiles of 6 x 16 pixels in 256 bits 118. On SwiftShader ResNet-50 takes
 * 0.95 of the time if pixels are read four at a time, and 0.93 of that if the quads of invocations share their loads
 * (docs/decisions.md).
 */
function pointwiseKernel(stride: number, pixels: number, adapter: AdapterFamily): typeof conv2d1x1 {
  if (stride > 1) return conv2d1x1;
  if (adapter.kind === 'wasm') return hasWideSimd(adapter) && pixels >= X16_PIXELS ? conv2d1x1X16 : conv2d1x1X8;
  if (pixels % 4 !== 0) return conv2d1x1;
  return hasFeatureOf(conv2d1x1Swaps, adapter) ? conv2d1x1Swaps : conv2d1x1Quads;
}

/** @throws DeviceError  the device was opened without subgroup matrices */
function matrixOf({ subgroupMatrix, description }: AdapterFamily): SubgroupMatrix {
  if (subgroupMatrix) return subgroupMatrix;
  throw new DeviceError(
    `device: ${description} was opened without subgroup matrices. Open it with subgroupMatrix: true`,
  );
}

/** Pairs a kernel with its options. */
function step<Options extends object>(
  kernel: AnyKernel & { plan(shapes: never, options: Options): unknown },
  options: NoInfer<Options>,
): Step {
  return { kernel, options };
}
