import shader from '../../shaders/adam.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';
import { expectSameShape } from './shape_checks.ts';

export interface AdamStep {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Number of this step, counted from 1. */
  readonly step: number;
}

/**
 * One step of Adam, in place.
 *
 * grad          any shape
 * weight, m, v  the same shape; m and v are zeros before the first step
 *
 * The bias corrections are computed in f64 on the host, as PyTorch does.
 *
 * @throws ShapeError  the shapes differ
 * Source: torch.optim.Adam, amsgrad false
 */
export const adam = defineKernel({
  name: 'adam',
  shader,
  inputs: ['grad'],
  inouts: ['weight', 'm', 'v'],
  outputs: [],
  plan({ grad, weight, m, v }, { lr, beta1, beta2, eps, weightDecay, step }: AdamStep) {
    expectSameShape('adam', { grad, weight, m, v });
    const size = elementCount(weight);
    return {
      outputs: {},
      params: {
        size,
        beta1,
        one_minus_beta1: 1 - beta1,
        beta2,
        one_minus_beta2: 1 - beta2,
        step_size: lr / (1 - beta1 ** step),
        root_correction: Math.sqrt(1 - beta2 ** step),
        eps,
        weight_decay: weightDecay,
      },
      workgroups: linearGrid(size, 64),
    };
  },
});
