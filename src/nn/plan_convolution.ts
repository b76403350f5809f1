import { DeviceError } from '../errors/index.ts';
import { conv2d, conv2d3x3, packConv2dHalves, packConv2dWeight } from '../kernels/conv2d.ts';
import {
  conv2d1x1,
  conv2d1x1Quads,
  conv2d1x1Swaps,
  conv2d1x1X8,
  conv2d1x1X16,
  X16_PIXELS,
} from '../kernels/conv2d_1x1.ts';
import { conv2dGemm, conv2dReduce } from '../kernels/conv2d_gemm.ts';
import { CHANNEL_BLOCK } from '../kernels/conv2d_plan.ts';
import { conv2dSubgroupMatrix, MATRIX_TILE } from '../kernels/conv2d_subgroup_matrix.ts';
import { GEMM_TILES, type GemmTile } from '../kernels/gemm_tile.ts';
import { windowOutput } from '../kernels/shape_checks.ts';
import { unfold } from '../kernels/unfold.ts';
import { winograd2x2Input, winogradInput } from '../kernels/winograd_input.ts';
import {
  winogradMatmul,
  winogradMatmulGemm,
  winogradMatmulSimd,
  winogradMatmulSwaps,
} from '../kernels/winograd_matmul.ts';
import { winograd2x2Output, winogradOutput } from '../kernels/winograd_output.ts';
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

/** Options that decide how weights are stored on the device, and which algorithm reads them. */
export interface WeightOptions {
  /**
   * Store weights untransformed, without Winograd's expansion. On a CPU, weights of most 3x3 convolutions are expanded
   * by default. They then take four times the memory, and the convolutions take a third of the time.
   */
  readonly compact?: boolean;
  /**
   * Store weights as 16-bit floats, which have 11 significant bits and take half of the memory. Convolutions then use
   * the kernels for GPUs on every adapter. Everything else stays in 32 bits, with one exception: if the device was
   * opened with `subgroupMatrix`, the activations that a convolution reads are also rounded to 16 bits before they are
   * multiplied.
   */
  readonly halfWeights?: boolean;
  /** The fastest algorithm for each convolution, as measured on this adapter. */
  readonly tuning?: Tuning;
}

export interface PlanOptions extends WeightOptions {
  /** Use this algorithm, even where another would be faster. */
  readonly algorithm?: ConvolutionAlgorithm;
  /** The layout that the weights already have. By default the plan chooses a layout. */
  readonly layout?: WeightLayout;
}

/**
 * One dispatch: a kernel and its options. The option `relu` is not among them; `Convolution` adds it to the last step.
 */
export interface Step {
  readonly kernel: AnyKernel;
  readonly options: object;
}

/** The part of a plan that does not depend on the input's size. */
export interface WeightPlan {
  readonly layout: WeightLayout;
  /** Packs the weights [output channels, input channels, window height, window width] once, when they are loaded. */
  readonly packing: Step;
}

/** The steps that compute a convolution. */
interface Steps {
  /**
   * The steps for each band of rows of y, the output. In each band, the first step reads x, the input of the
   * convolution, and every other step reads the output of the step before it. The last step also applies the epilogue:
   * scale, shift, residual and relu. Only unfolded convolutions have more than one band.
   */
  readonly bands: readonly (readonly Step[])[];
  /** Shape of y. Present if each band writes a part of y; if absent, the last step creates y. */
  readonly y?: Shape;
}

export interface ConvolutionPlan extends WeightPlan, Steps {
  readonly algorithm: ConvolutionAlgorithm;
}

/**
 * Minimum number of input and output channels for which a CPU uses Winograd by default. With more channels, a smaller
 * share of the time goes into transforming activations. Winograd's time divided by the direct algorithm's
 * (docs/decisions.md):
 *
 * | input                 | WebAssembly | SwiftShader |
 * | --------------------- | ----------- | ----------- |
 * | 56 x 56, 64 channels  | 0.55        | 0.30        |
 * | 28 x 28, 128 channels | 0.45        | 0.38        |
 * | 14 x 14, 256 channels | 0.37        | 0.27        |
 * | 7 x 7, 512 channels   | 0.30        | 0.45        |
 */
const LEAST_WINOGRAD_CHANNELS = 64;
/**
 * Maximum bytes of unfolded columns in a band of rows (see `planUnfolded`). The limit keeps the columns in the cache
 * until the product reads them. At stride 1, the columns of all rows together would take nine times the memory of x for
 * a 3x3 convolution, and 49 times for a 7x7 convolution. A stride of s divides these factors by s². For example, the stem's
 * columns (7x7, stride 2) take 7.4 MB, 49/4 times the memory of x. With bands, ResNet-18 takes 0.99 of the time that it
 * takes without them (docs/decisions.md).
 */
const COLUMNS_BYTES = 2e6;

/** Decides how to compute a convolution. Depends on its arguments alone. @throws ShapeError | DeviceError */
export function planConvolution(
  size: ConvolutionSize,
  adapter: AdapterFamily,
  options: PlanOptions = {},
): ConvolutionPlan {
  const weights = planWeights(size, adapter, options);
  const algorithm = chooseAlgorithm(size, weights.layout, adapter, options);
  return { ...weights, algorithm, ...planSteps(size, algorithm, adapter) };
}

/**
 * Decides the layout of weights and how to pack them. The options decide first, then tuning, then the adapter's
 * default.
 */
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

/**
 * Returns the layout for an adapter without tuning. Does not choose Winograd on a GPU, because at batch 1 the GPU would
 * wait for the larger weights. Tuning or an explicit option may choose it.
 */
function defaultLayout(layer: ConvolutionLayer, { kind }: AdapterFamily): WeightLayout {
  const channels = Math.min(layer.channels, layer.outChannels);
  return kind !== 'gpu' && fitsWinograd(layer) && channels >= LEAST_WINOGRAD_CHANNELS ? 'winograd' : 'packed';
}

/**
 * Returns the step that packs weights into channel blocks. A channel block consists of the output channels that one
 * invocation computes. On WebAssembly, the sums of a block must fit the registers. Blocks of 6 channels fit if relaxed
 * SIMD is available, which multiplies and adds in one instruction. Without relaxed SIMD, only blocks of 4 channels fit.
 * On software Vulkan, a load costs more than spilling a register. There, with blocks of 16 channels, Winograd's
 * products take 0.8 of the time that they take with blocks of 8 (docs/decisions.md).
 */
function packingOf(layout: WeightLayout, { kind, architecture }: AdapterFamily): Step {
  const channelBlock = kind === 'wasm' ? (architecture === 'wasm-simd' ? 4 : 6) : CHANNEL_BLOCK;
  if (layout === 'halves') return step(packConv2dHalves, {});
  if (layout === 'packed') return step(packConv2dWeight, { channelBlock });
  const winogradBlock = kind === 'software' ? 2 * CHANNEL_BLOCK : channelBlock;
  return step(layout === 'winograd' ? winogradWeight : winograd2x2Weight, { channelBlock: winogradBlock });
}

/**
 * Returns the algorithm that the options name. Otherwise returns the tuned algorithm if it reads this layout, and
 * otherwise the default for the adapter.
 */
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
  // `raycam tune` measures with 32-bit weights only. The gemm that is fastest with 32-bit weights is also fastest with
  // 16-bit weights.
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
  // With `winogradMatmulSwaps`, the four invocations of a quad share their loads and compute 16 Winograd tiles. If
  // there are only 8 tiles or fewer, two of the four invocations would be idle.
  const isShared =
    adapter.kind === 'software' &&
    hasFeatureOf(winogradMatmulSwaps, adapter) &&
    winogradTiling([batch, ...size], 4).tiles > 8;
  return step(isShared ? winogradMatmulSwaps : winogradMatmul, { outChannels });
}

/**
 * Plans a convolution without Winograd. On a CPU, many convolutions are unfolded: the values of each window are copied
 * into a column, so that the convolution becomes a 1x1 convolution of the columns.
 *
 * On WebAssembly, all convolutions are unfolded except 1x1 convolutions with stride 1. Unfolded, the 7x7 stem takes
 * 6 ms instead of 22 ms. On software Vulkan, 1x1 convolutions of any stride, and 3x3 convolutions with stride 1, run
 * directly; all others are unfolded. With stride 2, a direct 3x3 convolution would need a separate index computation and
 * bounds check for every load: for 128 channels of 56 x 56 pixels it takes 148 ms. Unfolding the input takes 3 ms, and
 * the product then takes 52 ms (docs/decisions.md).
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

/**
 * Plans to unfold windows into columns and to multiply the weights by the columns, for one band of rows at a time.
 *
 * @throws ShapeError
 */
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
 * Chooses the kernel for a 1x1 convolution without padding whose input planes have this number of pixels. On one core
 * of an EPYC, tiles of 6 channels x 8 pixels reach 58 GFLOP/s, and tiles of 6 channels x 16 pixels, which use 256-bit
 * SIMD, reach 118 GFLOP/s. On SwiftShader, loading four pixels at a time multiplies ResNet-50's time by
 * 0.95. Sharing these loads among the four invocations of a quad multiplies it by another 0.93 (docs/decisions.md).
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
