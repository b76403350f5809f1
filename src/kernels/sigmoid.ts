import shader from '../../shaders/sigmoid.wgsl';
import backwardShader from '../../shaders/sigmoid_backward.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';
import { expectSameShape } from './shape_checks.ts';

/**
 * Logistic sigmoid.
 *
 * x        any shape
 * y        the same shape, 1 / (1 + exp(-x))
 *
 * Does not overflow for any x: it computes exp(-|x|). NaN stays NaN.
 *
 * Source: torch.sigmoid
 */
export const sigmoid = defineKernel({
  name: 'sigmoid',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, _options: Record<string, never>) {
    return { outputs: { y: x }, params: { size: elementCount(x) }, workgroups: elementGrid(x, 64) };
  },
});

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
  shader: backwardShader,
  inputs: ['gradOutput', 'y'],
  outputs: ['gradInput'],
  plan({ gradOutput, y }, _options: Record<string, never>) {
    expectSameShape('sigmoid_backward', { gradOutput, y });
    const size = elementCount(gradOutput);
    return { outputs: { gradInput: gradOutput }, params: { size }, workgroups: elementGrid(gradOutput, 64) };
  },
});
