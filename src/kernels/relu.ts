import shader from '../../shaders/relu.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';

/**
 * Rectified linear unit.
 *
 * x        any shape
 * y        the same, 0 where x < 0, otherwise x
 *
 * Exact: outputs are copies of inputs. NaN stays NaN.
 *
 * Source: torch.nn.ReLU
 */
export const relu = defineKernel({
  name: 'relu',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, _options: Record<string, never>) {
    return { outputs: { y: x }, params: { size: elementCount(x) }, workgroups: elementGrid(x, 64) };
  },
});
