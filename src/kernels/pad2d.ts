import shader from '../../shaders/pad2d.wgsl';
import { defineKernel, elementGrid } from './define.ts';
import { expectRank } from './shape_checks.ts';

/**
 * Zeros around every plane.
 *
 * x        [N, C, H, W]
 * y        [N, C, H + 2 * padding, W + 2 * padding], padding in pixels
 *
 * Exact: outputs are copies of inputs, or 0.
 *
 * @throws ShapeError  x is not 4-D
 * Source: torch.nn.ZeroPad2d
 */
export const pad2d = defineKernel({
  name: 'pad2d',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { padding }: { readonly padding: number }) {
    const [n, c, height, width] = expectRank('pad2d', 'x', x, 4);
    const y = [n, c, height + 2 * padding, width + 2 * padding];
    return { outputs: { y }, params: { planes: n * c, height, width, padding }, workgroups: elementGrid(y, 64) };
  },
});
