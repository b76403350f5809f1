import shader from '../../shaders/unfold.wgsl';
import { defineKernel, linearGrid } from './define.ts';
import { expectRank, windowOutput } from './shape_checks.ts';

export interface UnfoldOptions {
  /** The window's height and width in pixels. */
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding: number;
}

/**
 * The windows of a convolution as columns: a convolution of x is a 1x1 convolution of them.
 *
 * x        [N, C, H, W]
 * y        [N, C * KH * KW, OH, OW], OH = floor((H + 2*padding - KH) / stride) + 1
 *
 * stride and padding in pixels. Exact: outputs are copies of inputs, or 0.
 *
 * @throws ShapeError  x is not 4-D, or the window does not fit
 * Source: torch.nn.functional.unfold, whose last dimension is OH * OW
 */
export const unfold = defineKernel({
  name: 'unfold',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { kernel, stride, padding }: UnfoldOptions) {
    const [n, c, height, width] = expectRank('unfold', 'x', x, 4);
    const outHeight = windowOutput('unfold', height, { kernel: kernel[0], stride, padding });
    const outWidth = windowOutput('unfold', width, { kernel: kernel[1], stride, padding });
    const columns = c * kernel[0] * kernel[1];
    return {
      outputs: { y: [n, columns, outHeight, outWidth] },
      params: {
        planes: n * c,
        height,
        width,
        kernel_height: kernel[0],
        kernel_width: kernel[1],
        stride,
        padding,
        out_height: outHeight,
        out_width: outWidth,
      },
      workgroups: linearGrid(n * columns * outHeight, 32),
    };
  },
});
