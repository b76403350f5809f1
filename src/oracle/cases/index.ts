import type { CaseTable } from '../case_table.ts';
import adam from './adam.ts';
import add from './add.ts';
import addRelu from './add_relu.ts';
import affine from './affine.ts';
import batchMetrics from './batch_metrics.ts';
import batchNorm from './batch_norm.ts';
import classActivationMap from './class_activation_map.ts';
import colormapOverlay from './colormap_overlay.ts';
import * as conv2d from './conv2d.ts';
import * as conv2dGemm from './conv2d_gemm.ts';
import crop from './crop.ts';
import flip from './flip.ts';
import gatherRows from './gather_rows.ts';
import globalAvgPool2d from './global_avg_pool2d.ts';
import grayscale from './grayscale.ts';
import linear from './linear.ts';
import linearBackwardBias from './linear_backward_bias.ts';
import linearBackwardInput from './linear_backward_input.ts';
import linearBackwardWeight from './linear_backward_weight.ts';
import logSoftmax from './log_softmax.ts';
import logSoftmaxBackward from './log_softmax_backward.ts';
import maxPool2d from './max_pool2d.ts';
import minMax from './min_max.ts';
import nllLoss from './nll_loss.ts';
import nllLossBackward from './nll_loss_backward.ts';
import normalize from './normalize.ts';
import relu from './relu.ts';
import reluBackward from './relu_backward.ts';
import resize from './resize.ts';
import sgd from './sgd.ts';
import unfold from './unfold.ts';
import unpackRgb from './unpack_rgb.ts';
import upsampleBilinear from './upsample_bilinear.ts';
import winogradInput, { input2x2 } from './winograd_input.ts';
import winogradMatmul, {
  gemm as winogradMatmulGemm,
  simd as winogradMatmulSimd,
  swaps as winogradMatmulSwaps,
} from './winograd_matmul.ts';
import winogradOutput, { output2x2 } from './winograd_output.ts';
import winogradWeight, { weight2x2 } from './winograd_weight.ts';

/** Every operation's table that every adapter runs, in the registry's order. */
export const caseTables: readonly CaseTable[] = [
  conv2d.pack,
  conv2d.packHalves,
  conv2d.general,
  conv2d.pointwise,
  conv2d.pointwiseQuads,
  conv2d.pointwiseX8,
  conv2d.pointwiseX16,
  conv2d.threeByThree,
  conv2dGemm.gemm,
  conv2dGemm.reduce,
  unfold,
  winogradWeight,
  weight2x2,
  winogradInput,
  input2x2,
  winogradMatmul,
  winogradMatmulGemm,
  winogradMatmulSimd,
  winogradOutput,
  output2x2,
  maxPool2d,
  affine,
  grayscale,
  flip,
  colormapOverlay,
  minMax,
  upsampleBilinear,
  classActivationMap,
  normalize,
  crop,
  resize,
  unpackRgb,
  nllLoss,
  logSoftmax,
  linear,
  globalAvgPool2d,
  addRelu,
  relu,
  batchNorm,
  adam,
  add,
  batchMetrics,
  gatherRows,
  linearBackwardBias,
  linearBackwardInput,
  linearBackwardWeight,
  logSoftmaxBackward,
  nllLossBackward,
  reluBackward,
  sgd,
];

/** Of kernels that need subgroups, which WebAssembly does not have. */
export const subgroupTables: readonly CaseTable[] = [conv2d.pointwiseSwaps, winogradMatmulSwaps];
/** Every operation's. */
export const allTables: readonly CaseTable[] = [...caseTables, ...subgroupTables];

/** Whether a row has the size of one of ResNet's layers. Those are large, and take no way through a shader that the others do not. */
export const isOfResnet = ({ why }: CaseTable['cases'][number]) => why.startsWith('resnet152');
