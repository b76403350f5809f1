import shader from '../../shaders/subsample2d.wgsl';
import { defineKernel, elementGrid } from './define.ts';
import { expectRank } from './shape_checks.ts';

/**
 * Every stride-th pixel of every stride-th row: what a strided 1x1 convolution looks at.
 *
 * x        [N, C, H, W]
 * y        [N, C, ceil(H / stride), ceil(W / stride)], x[:, :, ::stride, ::stride]
 *
 * Exact: outputs are copies of inputs.
 *
 * @throws ShapeError  x is not 4-D
 */
export const subsample2d = defineKernel({
  name: 'subsample2d',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { stride }: { readonly stride: number }) {
    const [n, c, height, width] = expectRank('subsample2d', 'x', x, 4);
    const y = [n, c, Math.ceil(height / stride), Math.ceil(width / stride)];
    return { outputs: { y }, params: { planes: n * c, height, width, stride }, workgroups: elementGrid(y, 64) };
  },
});
