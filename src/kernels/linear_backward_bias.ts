import shader from '../../shaders/linear_backward_bias.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank } from './shape_checks.ts';

/**
 * The gradient of a linear layer's bias: gradOutput summed over the batch.
 *
 * gradOutput  [N, O]
 * gradBias    [O]
 *
 * @throws ShapeError  gradOutput is not 2-D
 * Source: torch.nn.Linear
 */
export const linearBackwardBias = defineKernel({
  name: 'linear_backward_bias',
  shader,
  inputs: ['gradOutput'],
  outputs: ['gradBias'],
  plan({ gradOutput }, _options: Record<string, never>) {
    const [batch, outputs] = expectRank('linear_backward_bias', 'gradOutput', gradOutput, 2);
    return { outputs: { gradBias: [outputs] }, params: { batch, outputs }, workgroups: linearGrid(outputs, 64) };
  },
});
