import shader from '../../shaders/add_relu.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';
import { expectSameShape } from './shape_checks.ts';

/**
 * The end of a residual block.
 *
 * x, residual  any shape, the same
 * y            the same, relu(x + residual)
 *
 * Exact: one rounded addition. NaN stays NaN.
 *
 * @throws ShapeError  the two shapes differ
 * Source: torchvision.models.resnet.Bottleneck.forward
 */
export const addRelu = defineKernel({
  name: 'add_relu',
  shader,
  inputs: ['x', 'residual'],
  outputs: ['y'],
  plan({ x, residual }, _options: Record<string, never>) {
    expectSameShape('add_relu', { x, residual });
    return { outputs: { y: x }, params: { size: elementCount(x) }, workgroups: elementGrid(x, 64) };
  },
});
