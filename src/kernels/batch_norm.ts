import shader from '../../shaders/batch_norm.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank, expectShape } from './shape_checks.ts';

export interface BatchNormOptions {
  readonly eps: number;
}

/** Neighbouring elements that one invocation computes; RUN in the shader. */
const RUN = 4;

/**
 * Batch normalisation with stored statistics, as in inference.
 *
 * x                                        [N, C, H, W]
 * weight, bias, running_mean, running_var  [C]
 * y                                        [N, C, H, W], (x - running_mean) * (weight / sqrt(running_var + eps)) + bias
 *
 * @throws ShapeError  x is not 4-D, or a statistic is not [C]
 * Source: torch.nn.BatchNorm2d in eval mode
 */
export const batchNorm = defineKernel({
  name: 'batch_norm',
  shader,
  inputs: ['x', 'weight', 'bias', 'running_mean', 'running_var'],
  outputs: ['y'],
  plan(shapes, { eps }: BatchNormOptions) {
    const [n, c, height, width] = expectRank('batch_norm', 'x', shapes.x, 4);
    for (const name of ['weight', 'bias', 'running_mean', 'running_var'])
      expectShape('batch_norm', name, { shapes, expected: [c] });
    const area = height * width;
    return {
      outputs: { y: shapes.x },
      params: { planes: n * c, channels: c, area, eps },
      workgroups: linearGrid(n * c * Math.ceil(area / RUN), 64),
    };
  },
});
