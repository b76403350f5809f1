import shader from '../../shaders/relu_backward.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';
import { expectSameShape } from './shape_checks.ts';

/**
 * The gradient of a ReLU, from what the ReLU returned.
 *
 * gradOutput  any shape
 * y           the same
 * gradInput   the same, 0 where y <= 0, otherwise gradOutput
 *
 * Exact: copies and zeros.
 *
 * @throws ShapeError  the shapes differ
 * Source: torch.nn.ReLU
 */
export const reluBackward = defineKernel({
  name: 'relu_backward',
  shader,
  inputs: ['gradOutput', 'y'],
  outputs: ['gradInput'],
  plan({ gradOutput, y }, _options: Record<string, never>) {
    expectSameShape('relu_backward', { gradOutput, y });
    const size = elementCount(gradOutput);
    return { outputs: { gradInput: gradOutput }, params: { size }, workgroups: elementGrid(gradOutput, 64) };
  },
});
