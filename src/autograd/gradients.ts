/** Every gradient rule in one table: from the gradient of an operation's output to the gradients of its inputs. */
import * as kernels from '../kernels/index.ts';
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

/** Adds the gradients of a variable that is used twice. */
export function sumOfGradients(device: Device, a: Tensor, b: Tensor): Tensor {
  return device.run(kernels.add, { a, b }, {}, { label: 'sum of gradients' }).y;
}
