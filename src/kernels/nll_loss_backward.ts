import shader from '../../shaders/nll_loss_backward.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

export interface NllLossBackwardOptions {
  /** K, which does not follow from the targets. */
  readonly classes: number;
}

/**
 * The gradient of the mean negative log-likelihood.
 *
 * targets     [N], class numbers as f32
 * gradOutput  [1]
 * gradInput   [N, K], -gradOutput / N at each row's target, otherwise 0
 *
 * The row of an invalid target is zero; the loss itself is NaN.
 *
 * @throws ShapeError  targets is not 1-D, or gradOutput is not [1]
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
