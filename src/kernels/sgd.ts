import shader from '../../shaders/sgd.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';
import { expectSameShape } from './shape_checks.ts';

export interface SgdStep {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  /** Number of this step, counted from 1. The first step sets velocity to the gradient, without dampening. */
  readonly step: number;
}

/**
 * One step of stochastic gradient descent, in place.
 *
 * grad              any shape
 * weight, velocity  the same shape; velocity is not written if momentum is 0
 *
 * @throws ShapeError  the shapes differ
 * Source: torch.optim.SGD
 */
export const sgd = defineKernel({
  name: 'sgd',
  shader,
  inputs: ['grad'],
  inouts: ['weight', 'velocity'],
  outputs: [],
  plan({ grad, weight, velocity }, { lr, momentum, dampening, weightDecay, nesterov, step }: SgdStep) {
    expectSameShape('sgd', { grad, weight, velocity });
    const size = elementCount(weight);
    return {
      outputs: {},
      params: {
        size,
        lr,
        momentum,
        dampening,
        weight_decay: weightDecay,
        nesterov: nesterov ? 1 : 0,
        first: step === 1 ? 1 : 0,
      },
      workgroups: linearGrid(size, 64),
    };
  },
});
