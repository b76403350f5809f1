import shader from '../../shaders/log_softmax_backward.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank, expectSameShape } from './shape_checks.ts';

/**
 * The gradient of a log-softmax over rows, from what the log-softmax returned.
 *
 * gradOutput  [N, K]
 * y           [N, K], log-probabilities
 * gradInput   [N, K], gradOutput - exp(y) * (the row's sum of gradOutput)
 *
 * @throws ShapeError  gradOutput is not 2-D, or y has another shape
 * Source: torch.nn.LogSoftmax(dim=1)
 */
export const logSoftmaxBackward = defineKernel({
  name: 'log_softmax_backward',
  shader,
  inputs: ['gradOutput', 'y'],
  outputs: ['gradInput'],
  plan({ gradOutput, y }, _options: Record<string, never>) {
    const [batch, classes] = expectRank('log_softmax_backward', 'gradOutput', gradOutput, 2);
    expectSameShape('log_softmax_backward', { gradOutput, y });
    return { outputs: { gradInput: gradOutput }, params: { batch, classes }, workgroups: linearGrid(batch, 16) };
  },
});
