/**
 * The table of gradient rules. A rule computes the gradients of an operation's inputs from the gradient of its output.
 */
import * as kernels from '../kernels/index.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';

/** The inputs and the output of one run of an operation, keyed by the names that the kernel gives them. */
export type OperationTensors = Readonly<Record<string, Tensor>>;

/**
 * Returns, for each input that has a gradient, a function that computes this gradient. The tape calls only the
 * functions whose gradients are needed.
 */
type GradientRule = (
  device: Device,
  tensors: OperationTensors,
  gradOutput: Tensor,
) => Readonly<Record<string, () => Tensor>>;

/** The gradient rules, keyed by the kernel's name. */
export const GRADIENT_RULES: Readonly<Record<string, GradientRule>> = {
  linear: (device, { x, weight }, gradOutput) => ({
    x: () => device.run(kernels.linearBackwardInput, { gradOutput, weight: weight! }, {}).gradInput,
    weight: () => device.run(kernels.linearBackwardWeight, { gradOutput, x: x! }, {}).gradWeight,
    bias: () => device.run(kernels.linearBackwardBias, { gradOutput }, {}).gradBias,
  }),
  log_softmax: (device, { y }, gradOutput) => ({
    x: () => device.run(kernels.logSoftmaxBackward, { gradOutput, y: y! }, {}).gradInput,
  }),
  nll_loss: (device, { x, targets }, gradOutput) => ({
    x: () =>
      device.run(kernels.nllLossBackward, { targets: targets!, gradOutput }, { classes: x!.shape[1]! }).gradInput,
  }),
  relu: (device, { y }, gradOutput) => ({
    x: () => device.run(kernels.reluBackward, { gradOutput, y: y! }, {}).gradInput,
  }),
  sigmoid: (device, { y }, gradOutput) => ({
    x: () => device.run(kernels.sigmoidBackward, { gradOutput, y: y! }, {}).gradInput,
  }),
  add: (_device, _tensors, gradOutput) => ({ a: () => gradOutput, b: () => gradOutput }),
};

/** Adds two gradients of a variable that several operations use. */
export function sumOfGradients(device: Device, a: Tensor, b: Tensor): Tensor {
  return device.run(kernels.add, { a, b }, {}, { label: 'sum of gradients' }).y;
}
