import shader from '../../shaders/sigmoid_backward.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';
import { expectSameShape } from './shape_checks.ts';

/**
 * The gradient of a sigmoid, from what the sigmoid returned.
 *
 * gradOutput  any shape
 * y           the same shape
 * gradInput   the same shape, gradOutput * y * (1 - y)
 *
 * @throws ShapeError  the shapes differ
 * Source: torch.sigmoid
 */
export const sigmoidBackward = defineKernel({
  name: 'sigmoid_backward',
  shader,
  inputs: ['gradOutput', 'y'],
  outputs: ['gradInput'],
  plan({ gradOutput, y }, _options: Record<string, never>) {
    expectSameShape('sigmoid_backward', { gradOutput, y });
    const size = elementCount(gradOutput);
    return { outputs: { gradInput: gradOutput }, params: { size }, workgroups: elementGrid(gradOutput, 64) };
  },
});
