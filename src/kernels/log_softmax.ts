import shader from '../../shaders/log_softmax.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank } from './shape_checks.ts';

/**
 * The logarithm of softmax over the last dimension.
 *
 * x        [N, K], logits
 * y        [N, K], x - max - log(sum(exp(x - max))), natural logarithm
 *
 * Stable for logits of any size, and relatively accurate for log-probabilities near 0. A NaN makes its whole row NaN.
 *
 * @throws ShapeError  x is not 2-D
 * Source: torch.nn.LogSoftmax(dim=1)
 */
export const logSoftmax = defineKernel({
  name: 'log_softmax',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, _options: Record<string, never>) {
    const [rows, classes] = expectRank('log_softmax', 'x', x, 2);
    return { outputs: { y: x }, params: { rows, classes }, workgroups: linearGrid(rows, 64) };
  },
});
