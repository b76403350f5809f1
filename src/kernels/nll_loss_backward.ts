import shader from '../../shaders/nll_loss_backward.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

export interface NllLossBackwardOptions {
  /** K: the targets alone do not tell it. */
  readonly classes: number;
}

/**
 * The gradient of the mean negative log-likelihood.
 *
 * targets     [N], class numbers as f32
 * gradOutput  [1]
 * gradInput   [N, K], -gradOutput / N at each row's target, else 0
 *
 * A target that is no class gives a row of zeros; the loss itself is NaN there.
 *
 * @throws ShapeError  targets is not 1-D, or gradOutput holds more than one element
 * Source: torch.nn.NLLLoss, reduction 'mean'
 */
export const nllLossBackward = defineKernel({
  name: 'nll_loss_backward',
  shader,
  inputs: ['targets', 'gradOutput'],
  outputs: ['gradInput'],
  plan({ targets, gradOutput }, { classes }: NllLossBackwardOptions) {
    const [batch] = expectRank('nll_loss_backward', 'targets', targets, 1);
    const [size] = expectRank('nll_loss_backward', 'gradOutput', gradOutput, 1);
    if (size !== 1) throw new ShapeError(`nll_loss_backward: gradOutput must be [1], got ${formatShape(gradOutput)}`);
    const gradInput = [batch, classes];
    return { outputs: { gradInput }, params: { batch, classes }, workgroups: elementGrid(gradInput, 64) };
  },
});
