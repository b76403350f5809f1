import shader from '../../shaders/nll_loss.wgsl';
import { defineKernel } from '../runtime/kernel.ts';
import { expectRank, expectShape } from './shape_checks.ts';

/**
 * The negative log-likelihood of the targets, averaged over the batch.
 *
 * x        [N, K], log-probabilities
 * targets  [N], class numbers as f32
 * y        [1], -mean(x[n, targets[n]])
 *
 * NaN if a target is not a class number, so that the mistake surfaces.
 *
 * @throws ShapeError  x is not 2-D, or targets is not [N]
 * Source: torch.nn.NLLLoss, reduction 'mean'
 */
export const nllLoss = defineKernel({
  name: 'nll_loss',
  shader,
  inputs: ['x', 'targets'],
  outputs: ['y'],
  plan(shapes, _options: Record<string, never>) {
    const [batch, classes] = expectRank('nll_loss', 'x', shapes.x, 2);
    expectShape('nll_loss', 'targets', { shapes, expected: [batch] });
    return { outputs: { y: [1] }, params: { batch, classes }, workgroups: [1, 1, 1] };
  },
});
