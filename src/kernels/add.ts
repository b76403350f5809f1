import shader from '../../shaders/add.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';
import { expectSameShape } from './shape_checks.ts';

/**
 * The sum of two tensors.
 *
 * a, b     any shape, the same for both
 * y        that shape, a + b
 *
 * @throws ShapeError  the shapes differ: nothing is broadcast
 * Source: torch.add
 */
export const add = defineKernel({
  name: 'add',
  shader,
  inputs: ['a', 'b'],
  outputs: ['y'],
  plan({ a, b }, _options: Record<string, never>) {
    expectSameShape('add', { a, b });
    return { outputs: { y: a }, params: { size: elementCount(a) }, workgroups: elementGrid(a, 64) };
  },
});
