/** Every operation, under its name in TypeScript. The order is that of a forward pass, then of training, then of images. */

export { adam } from './adam.ts';
export { add } from './add.ts';
export { addRelu } from './add_relu.ts';
export { affine } from './affine.ts';
export { batchMetrics } from './batch_metrics.ts';
export { batchNorm } from './batch_norm.ts';
export { classActivationMap } from './class_activation_map.ts';
export { colormapOverlay } from './colormap_overlay.ts';
export {
  channelTile,
  chooseConv2d,
  conv2d,
  conv2d1x1,
  conv2d1x1Quads,
  conv2d1x1X8,
  conv2d1x1X16,
  conv2d3x3,
  packConv2dWeight,
} from './conv2d.ts';
export { conv2dGemm, conv2dReduce } from './conv2d_gemm.ts';
export { crop } from './crop.ts';
export { flip } from './flip.ts';
export { gatherRows } from './gather_rows.ts';
export { globalAvgPool2d } from './global_avg_pool2d.ts';
export { grayscale } from './grayscale.ts';
export { linear } from './linear.ts';
export { linearBackwardBias } from './linear_backward_bias.ts';
export { linearBackwardInput } from './linear_backward_input.ts';
export { linearBackwardWeight } from './linear_backward_weight.ts';
export { logSoftmax } from './log_softmax.ts';
export { logSoftmaxBackward } from './log_softmax_backward.ts';
export { maxPool2d } from './max_pool2d.ts';
export { minMax } from './min_max.ts';
export { nllLoss } from './nll_loss.ts';
export { nllLossBackward } from './nll_loss_backward.ts';
export { normalize } from './normalize.ts';
export { relu } from './relu.ts';
export { reluBackward } from './relu_backward.ts';
export { resize } from './resize.ts';
export { sgd } from './sgd.ts';
export { unfold } from './unfold.ts';
export { unpackRgb } from './unpack_rgb.ts';
export { upsampleBilinear } from './upsample_bilinear.ts';
export { winogradInput } from './winograd_input.ts';
export { winogradMatmul, winogradMatmulGemm, winogradMatmulSimd } from './winograd_matmul.ts';
export { winogradOutput } from './winograd_output.ts';
export { winogradWeight } from './winograd_weight.ts';
