import shader from '../../shaders/global_avg_pool2d.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { expectRank } from './shape_checks.ts';

/**
 * The mean of every plane, flattened.
 *
 * x        [N, C, H, W]
 * y        [N, C], sum over the plane / (H * W)
 *
 * @throws ShapeError  x is not 4-D
 * Source: torch.nn.AdaptiveAvgPool2d(1), then flatten
 */
export const globalAvgPool2d = defineKernel({
  name: 'global_avg_pool2d',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, _options: Record<string, never>) {
    const [n, c, height, width] = expectRank('global_avg_pool2d', 'x', x, 4);
    const y = [n, c];
    return { outputs: { y }, params: { planes: n * c, height, width }, workgroups: elementGrid(y, 64) };
  },
});
