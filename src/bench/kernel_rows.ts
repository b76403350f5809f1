import * as kernels from '../kernels/index.ts';
import type { Array64 } from '../oracle/array64.ts';
import type { CaseTable, InputSpec } from '../oracle/case_table.ts';
import { adam } from '../oracle/reference/adam.ts';
import { add } from '../oracle/reference/add.ts';
import { addRelu } from '../oracle/reference/add_relu.ts';
import { affine } from '../oracle/reference/affine.ts';
import { batchMetrics } from '../oracle/reference/batch_metrics.ts';
import { batchNorm } from '../oracle/reference/batch_norm.ts';
import { classActivationMap } from '../oracle/reference/class_activation_map.ts';
import { colormapOverlay } from '../oracle/reference/colormap_overlay.ts';
import { packConv2dHalves, packConv2dWeight } from '../oracle/reference/conv2d.ts';
import { conv2dReduce } from '../oracle/reference/conv2d_gemm.ts';
import { crop } from '../oracle/reference/crop.ts';
import { flip } from '../oracle/reference/flip.ts';
import { gatherRows } from '../oracle/reference/gather_rows.ts';
import { globalAvgPool2d } from '../oracle/reference/global_avg_pool2d.ts';
import { grayscale } from '../oracle/reference/grayscale.ts';
import { linear } from '../oracle/reference/linear.ts';
import { linearBackwardBias } from '../oracle/reference/linear_backward_bias.ts';
import { linearBackwardInput } from '../oracle/reference/linear_backward_input.ts';
import { linearBackwardWeight } from '../oracle/reference/linear_backward_weight.ts';
import { logSoftmax } from '../oracle/reference/log_softmax.ts';
import { logSoftmaxBackward } from '../oracle/reference/log_softmax_backward.ts';
import { maxPool2d } from '../oracle/reference/max_pool2d.ts';
import { minMax } from '../oracle/reference/min_max.ts';
import { nllLoss } from '../oracle/reference/nll_loss.ts';
import { nllLossBackward } from '../oracle/reference/nll_loss_backward.ts';
import { normalize } from '../oracle/reference/normalize.ts';
import { relu } from '../oracle/reference/relu.ts';
import { reluBackward } from '../oracle/reference/relu_backward.ts';
import { resize } from '../oracle/reference/resize.ts';
import { sgd } from '../oracle/reference/sgd.ts';
import { unfold } from '../oracle/reference/unfold.ts';
import { unpackRgb } from '../oracle/reference/unpack_rgb.ts';
import { upsampleBilinear } from '../oracle/reference/upsample_bilinear.ts';
import { winograd2x2Input, winogradInput } from '../oracle/reference/winograd_input.ts';
import { winogradMatmul } from '../oracle/reference/winograd_matmul.ts';
import { winograd2x2Output, winogradOutput } from '../oracle/reference/winograd_output.ts';
import { winograd2x2Weight, winogradWeight } from '../oracle/reference/winograd_weight.ts';
import type { AnyKernel } from '../runtime/pipelines.ts';
import { KernelSubject } from './kernel_subject.ts';

interface Row {
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly options?: object;
  readonly flop?: number;
  readonly why?: string;
  readonly modules?: readonly string[];
}

/** A kernel, its reference, and the shapes it has in ResNet, in training a head, and in preparing images. */
interface Entry {
  readonly kernel: AnyKernel;
  // biome-ignore lint/suspicious/noExplicitAny: every reference has inputs and options of its own
  readonly reference: (inputs: any, options: any) => Record<string, Array64>;
  readonly rows: readonly Row[];
}

const pixels = (shape: readonly number[]): InputSpec => ({ shape, fill: (_, random) => Math.floor(256 * random()) });
const counts = (size: number, below: number): InputSpec => ({ shape: [size], fill: i => i % below });
const negative = (shape: readonly number[]): InputSpec => ({ shape, fill: (_, random) => -0.1 - random() });
const positive = (shape: readonly number[]): InputSpec => ({ shape, fill: (_, random) => 0.1 + random() });
const ADAM = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, step: 1 };
const SGD = { lr: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false, step: 2 };
const NORMALIZE = { channelOrder: 'RGB', scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Planes of ResNet's 3x3 convolutions at stride 1, as [channels, side]. */
const PLANES = [
  [64, 56],
  [128, 28],
  [256, 14],
  [512, 7],
] as const;
const tilesOf = (side: number) => Math.ceil(Math.ceil(side / 4) ** 2 / 4);

/** The products of Winograd's convolutions, with so many channels of weights together. */
const winogradProducts = (tile: number, options: object = {}, why?: string): Row[] =>
  PLANES.map(([channels, side]) => ({
    inputs: { v: [36, channels, tilesOf(side), 4], u: [36, Math.ceil(channels / tile), channels, tile] },
    options: { outChannels: channels, ...options },
    flop: 2 * 36 * channels * channels * tilesOf(side) * 4,
    why,
  }));

const ENTRIES: readonly Entry[] = [
  {
    kernel: kernels.maxPool2d,
    reference: maxPool2d,
    rows: [
      {
        inputs: { x: [1, 64, 112, 112] },
        options: { kernel: 3, stride: 2, padding: 1 },
        flop: 9 * 64 * 56 * 56,
        modules: ['maxpool'],
      },
    ],
  },
  {
    kernel: kernels.globalAvgPool2d,
    reference: globalAvgPool2d,
    rows: [{ inputs: { x: [1, 2048, 7, 7] }, flop: 2048 * 49, modules: ['avgpool'] }],
  },
  {
    kernel: kernels.linear,
    reference: linear,
    rows: [
      {
        inputs: { x: [1, 2048], weight: [1000, 2048], bias: [1000] },
        flop: 2 * 2048 * 1000,
        why: 'to 1000 classes',
        modules: ['fc'],
      },
      { inputs: { x: [256, 2048], weight: [2, 2048], bias: [2] }, flop: 2 * 256 * 2048 * 2, why: 'to 2 classes' },
    ],
  },
  {
    kernel: kernels.winogradInput,
    reference: winogradInput,
    rows: PLANES.map(([channels, side]) => ({ inputs: { x: [1, channels, side, side] } })),
  },
  { kernel: kernels.winogradMatmul, reference: winogradMatmul, rows: winogradProducts(16) },
  {
    kernel: kernels.winogradMatmulSimd,
    reference: winogradMatmul,
    rows: [...winogradProducts(6), ...winogradProducts(6, { tiles: 16 }, '16 tiles at a time')],
  },
  {
    kernel: kernels.winograd2x2Input,
    reference: winograd2x2Input,
    rows: [{ inputs: { x: [1, 256, 14, 14] } }],
  },
  {
    kernel: kernels.winograd2x2Output,
    reference: winograd2x2Output,
    rows: [
      {
        inputs: { m: [16, 256, 13, 4], scale: [256], shift: [256] },
        options: { shape: [1, 256, 14, 14], relu: true },
      },
    ],
  },
  {
    kernel: kernels.winograd2x2Weight,
    reference: winograd2x2Weight,
    rows: [{ inputs: { weight: [256, 256, 3, 3] } }],
  },
  { kernel: kernels.winogradMatmulSwaps, reference: winogradMatmul, rows: winogradProducts(16) },
  { kernel: kernels.winogradMatmulGemm, reference: winogradMatmul, rows: winogradProducts(8) },
  {
    kernel: kernels.conv2dReduce,
    reference: conv2dReduce,
    rows: [{ inputs: { partial_sums: [4, 1, 256, 14, 14], scale: [256], shift: [256] }, options: { relu: true } }],
  },
  {
    kernel: kernels.winogradOutput,
    reference: winogradOutput,
    rows: PLANES.map(([channels, side]) => ({
      inputs: { m: [36, channels, tilesOf(side), 4], scale: [channels], shift: [channels] },
      options: { shape: [1, channels, side, side], relu: true },
    })),
  },
  {
    kernel: kernels.winogradWeight,
    reference: winogradWeight,
    rows: [{ inputs: { weight: [512, 512, 3, 3] } }],
  },
  {
    kernel: kernels.packConv2dWeight,
    reference: packConv2dWeight,
    rows: [{ inputs: { weight: [1024, 256, 1, 1] } }],
  },
  {
    kernel: kernels.packConv2dHalves,
    reference: packConv2dHalves,
    rows: [{ inputs: { weight: [1024, 256, 1, 1], factors: { shape: [1024], fill: i => 2 ** (i % 12) } } }],
  },
  {
    kernel: kernels.unfold,
    reference: unfold,
    rows: [
      { inputs: { x: [1, 3, 224, 224] }, options: { kernel: [7, 7], stride: 2, padding: 3 }, why: '7x7 stride 2' },
      { inputs: { x: [1, 128, 56, 56] }, options: { kernel: [3, 3], stride: 2, padding: 1 }, why: '3x3 stride 2' },
    ],
  },
  { kernel: kernels.relu, reference: relu, rows: [{ inputs: { x: [1, 64, 112, 112] }, flop: 64 * 112 * 112 }] },
  {
    kernel: kernels.addRelu,
    reference: addRelu,
    rows: [{ inputs: { x: [1, 256, 56, 56], residual: [1, 256, 56, 56] }, flop: 2 * 256 * 56 * 56 }],
  },
  {
    kernel: kernels.batchNorm,
    reference: batchNorm,
    rows: [
      {
        inputs: { x: [1, 64, 112, 112], weight: [64], bias: [64], running_mean: [64], running_var: positive([64]) },
        options: { eps: 1e-5 },
      },
    ],
  },
  { kernel: kernels.add, reference: add, rows: [{ inputs: { a: [2, 2048], b: [2, 2048] }, flop: 2 * 2048 }] },
  {
    kernel: kernels.classActivationMap,
    reference: classActivationMap,
    rows: [{ inputs: { features: [1, 2048, 7, 7], weight: [2, 2048], classes: counts(1, 2) }, flop: 2 * 2048 * 49 }],
  },
  {
    kernel: kernels.upsampleBilinear,
    reference: upsampleBilinear,
    rows: [{ inputs: { x: [1, 1, 7, 7] }, options: { height: 224, width: 224, align: 'corners' } }],
  },
  { kernel: kernels.minMax, reference: minMax, rows: [{ inputs: { x: [1, 224, 224] } }] },
  {
    kernel: kernels.colormapOverlay,
    reference: colormapOverlay,
    rows: [
      {
        inputs: {
          image: pixels([1, 3, 224, 224]),
          // Steps of 1/64: no value lies on the edge of two colours.
          values: { shape: [1, 224, 224], fill: (_, random) => Math.floor(257 * random()) / 64 - 2 },
          bounds: { shape: [1, 2], values: [-2, 2] },
          table: { shape: [256, 3], fill: i => (i * 37) % 256 },
        },
        options: { opacity: 0.4 },
      },
    ],
  },
  {
    kernel: kernels.unpackRgb,
    reference: unpackRgb,
    rows: [
      {
        inputs: { x: { shape: [37632], words: Array.from({ length: 37632 }, (_, i) => (i * 2654435761) % 2 ** 32) } },
        options: { height: 224, width: 224 },
      },
    ],
  },
  {
    kernel: kernels.resize,
    reference: resize,
    rows: [
      { inputs: { x: pixels([3, 1127, 1488]) }, options: { axis: 'x', size: 224, round: true }, why: 'along x to 224' },
      { inputs: { x: pixels([3, 1127, 224]) }, options: { axis: 'y', size: 224, round: true }, why: 'along y to 224' },
    ],
  },
  {
    kernel: kernels.normalize,
    reference: normalize,
    rows: [{ inputs: { x: pixels([3, 224, 224]) }, options: NORMALIZE }],
  },
  {
    kernel: kernels.crop,
    reference: crop,
    rows: [{ inputs: { x: [3, 256, 337] }, options: { top: 16, left: 56, height: 224, width: 224 } }],
  },
  {
    kernel: kernels.flip,
    reference: flip,
    rows: [{ inputs: { x: [3, 224, 224] }, options: { horizontal: true, vertical: false } }],
  },
  { kernel: kernels.grayscale, reference: grayscale, rows: [{ inputs: { x: pixels([3, 224, 224]) } }] },
  {
    kernel: kernels.affine,
    reference: affine,
    rows: [
      {
        inputs: { x: [3, 224, 224] },
        // Factors that 16 bits hold exactly.
        options: { matrix: [0.9609375, 0.28125, -3.375, -0.28125, 0.9609375, 5.25], interpolation: 'nearest', fill: 0 },
      },
    ],
  },
  {
    kernel: kernels.gatherRows,
    reference: gatherRows,
    rows: [
      {
        inputs: { x: [300, 2048], indices: { shape: [300], fill: i => (i * 7 + 3) % 300 } },
        options: { start: 17, batch: 256 },
      },
    ],
  },
  { kernel: kernels.logSoftmax, reference: logSoftmax, rows: [{ inputs: { x: [256, 2] } }] },
  {
    kernel: kernels.nllLoss,
    reference: nllLoss,
    rows: [{ inputs: { x: negative([256, 2]), targets: counts(256, 2) } }],
  },
  {
    kernel: kernels.batchMetrics,
    reference: batchMetrics,
    rows: [
      {
        inputs: { logProbabilities: [256, 2], targets: counts(256, 2), loss: [1], metrics: [21, 2] },
        options: { row: 20 },
      },
    ],
  },
  {
    kernel: kernels.nllLossBackward,
    reference: nllLossBackward,
    rows: [{ inputs: { targets: counts(256, 2), gradOutput: [1] }, options: { classes: 2 } }],
  },
  {
    kernel: kernels.logSoftmaxBackward,
    reference: logSoftmaxBackward,
    rows: [{ inputs: { gradOutput: [256, 2], y: negative([256, 2]) } }],
  },
  {
    kernel: kernels.reluBackward,
    reference: reluBackward,
    rows: [{ inputs: { gradOutput: [256, 2048], y: [256, 2048] } }],
  },
  {
    kernel: kernels.linearBackwardInput,
    reference: linearBackwardInput,
    rows: [{ inputs: { gradOutput: [256, 2], weight: [2, 2048] }, flop: 2 * 256 * 2 * 2048 }],
  },
  {
    kernel: kernels.linearBackwardWeight,
    reference: linearBackwardWeight,
    rows: [{ inputs: { gradOutput: [256, 2], x: [256, 2048] }, flop: 2 * 256 * 2 * 2048 }],
  },
  {
    kernel: kernels.linearBackwardBias,
    reference: linearBackwardBias,
    rows: [{ inputs: { gradOutput: [256, 2] }, flop: 256 * 2 }],
  },
  {
    kernel: kernels.adam,
    reference: adam,
    rows: [
      {
        inputs: { grad: [2, 2048], weight: [2, 2048], m: [2, 2048], v: positive([2, 2048]) },
        options: ADAM,
      },
    ],
  },
  {
    kernel: kernels.sgd,
    reference: sgd,
    rows: [{ inputs: { grad: [2, 2048], weight: [2, 2048], velocity: [2, 2048] }, options: SGD }],
  },
];

/** Outputs that are copies of inputs, or one rounding away: equal to the last bit. */
const EXACT = new Set<AnyKernel>([
  kernels.maxPool2d,
  kernels.packConv2dHalves,
  kernels.packConv2dWeight,
  kernels.unfold,
]);

export function kernelNames(): string[] {
  return ENTRIES.map(({ kernel }) => kernel.name);
}

/** Every row of the kernels of that name; of all kernels if none is named. */
export function kernelSubjects(name?: string): KernelSubject[] {
  return ENTRIES.filter(({ kernel }) => name === undefined || kernel.name === name).flatMap(
    ({ kernel, reference, rows }) => {
      const table = { kernel, reference, exact: EXACT.has(kernel), cases: [] } as CaseTable;
      return rows.map(
        ({ inputs, options = {}, why = '', flop, modules }) =>
          new KernelSubject(table, { why, inputs, options }, { flop, modules }),
      );
    },
  );
}
