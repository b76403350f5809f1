import shader from '../../shaders/min_max.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank } from './shape_checks.ts';

/**
 * The smallest and the largest element of every map. A large map is faster in two steps: first each row as a map,
 * then the rows' results as one map.
 *
 * x        [N, H, W]
 * y        [N, 2], minimum and maximum
 *
 * Exact: outputs are copies of inputs. A NaN makes both NaN.
 *
 * @throws ShapeError  x is not 3-D
 */
export const minMax = defineKernel({
  name: 'min_max',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, _options: Record<string, never>) {
    const [maps, height, width] = expectRank('min_max', 'x', x, 3);
    return { outputs: { y: [maps, 2] }, params: { maps, area: height * width }, workgroups: linearGrid(maps, 64) };
  },
});
