/** Every gradient rule in one table: from the gradient of an operation's output to the gradients of its inputs. */
import { add } from '../kernels/add.ts';
import { linearBackwardBias } from '../kernels/linear_backward_bias.ts';
import { linearBackwardInput } from '../kernels/linear_backward_input.ts';
import { linearBackwardWeight } from '../kernels/linear_backward_weight.ts';
import { logSoftmaxBackward } from '../kernels/log_softmax_backward.ts';
import { nllLossBackward } from '../kernels/nll_loss_backward.ts';
import { reluBackward } from '../kernels/relu_backward.ts';
import { sigmoidBackward } from '../kernels/sigmoid_backward.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';

/** The tensors of one run of an operation: its inputs and its output, by the kernel's names. */
export type OperationTensors = Readonly<Record<string, Tensor>>;

/**
 * Returns one function per input that computes its gradient. The tape calls those that are needed. An input without a
 * function has no gradient.
 */
type GradientRule = (
  device: Device,
  tensors: OperationTensors,
  gradOutput: Tensor,
) => Readonly<Record<string, () => Tensor>>;

/** By the name of the kernel. */
export const GRADIENT_RULES: Readonly<Record<string, GradientRule>> = {
  linear: (device, { x, weight }, gradOutput) => ({
    x: () => device.run(linearBackwardInput, { gradOutput, weight: weight! }, {}).gradInput,
    weight: () => device.run(linearBackwardWeight, { gradOutput, x: x! }, {}).gradWeight,
    bias: () => device.run(linearBackwardBias, { gradOutput }, {}).gradBias,
  }),
  log_softmax: (device, { y }, gradOutput) => ({
    x: () => device.run(logSoftmaxBackward, { gradOutput, y: y! }, {}).gradInput,
  }),
  nll_loss: (device, { x, targets }, gradOutput) => ({
    x: () => device.run(nllLossBackward, { targets: targets!, gradOutput }, { classes: x!.shape[1]! }).gradInput,
  }),
  relu: (device, { y }, gradOutput) => ({
    x: () => device.run(reluBackward, { gradOutput, y: y! }, {}).gradInput,
  }),
  sigmoid: (device, { y }, gradOutput) => ({
    x: () => device.run(sigmoidBackward, { gradOutput, y: y! }, {}).gradInput,
  }),
  add: (_device, _tensors, gradOutput) => ({ a: () => gradOutput, b: () => gradOutput }),
};

/** Adds the gradients of a variable that is used twice. */
export function sumOfGradients(device: Device, a: Tensor, b: Tensor): Tensor {
  return device.run(add, { a, b }, {}, { label: 'sum of gradients' }).y;
}
