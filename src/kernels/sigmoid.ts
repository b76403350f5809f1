import shader from '../../shaders/sigmoid.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';

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
