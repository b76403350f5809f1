import shader from '../../shaders/linear_backward_input.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { formatShapes } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

/**
 * The gradient of a linear layer's input.
 *
 * gradOutput  [N, O]
 * weight      [O, I]
 * gradInput   [N, I], gradOutput · weight
 *
 * @throws ShapeError  a tensor is not 2-D, or they differ in O
 * Source: torch.nn.Linear
 */
export const linearBackwardInput = defineKernel({
  name: 'linear_backward_input',
  shader,
  inputs: ['gradOutput', 'weight'],
  outputs: ['gradInput'],
  plan({ gradOutput, weight }, _options: Record<string, never>) {
    const [batch, outputs] = expectRank('linear_backward_input', 'gradOutput', gradOutput, 2);
    const [expected, inputs] = expectRank('linear_backward_input', 'weight', weight, 2);
    if (outputs !== expected)
      throw new ShapeError(
        `linear_backward_input: gradOutput has ${outputs} outputs but weight expects ${expected} (${formatShapes({ gradOutput, weight })})`,
      );
    const gradInput = [batch, inputs];
    return { outputs: { gradInput }, params: { batch, outputs, inputs }, workgroups: elementGrid(gradInput, 64) };
  },
});
