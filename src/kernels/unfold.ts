import shader from '../../shaders/unfold.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank, windowOutput } from './shape_checks.ts';

export interface UnfoldOptions {
  /** The window's height and width in pixels. */
  readonly kernelSize: readonly [number, number];
  readonly stride: number;
  readonly padding: number;
  /** The rows of windows to unfold; all by default. */
  readonly rows?: { readonly top: number; readonly count: number };
}

/**
 * Copies the windows of a convolution into columns. A convolution of x is a 1x1 convolution of its columns.
 *
 * x        [N, C, H, W]
 * y        [N, C * KH * KW, rows, OW]; rows are OH by default, OH = floor((H + 2*padding - KH) / stride) + 1
 *
 * stride and padding in pixels. Exact: outputs are copies of inputs, or 0.
 *
 * @throws ShapeError  x is not 4-D, the window does not fit, or rows are out of range
 * Source: torch.nn.functional.unfold, whose last dimension is OH * OW
 */
export const unfold = defineKernel({
  name: 'unfold',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { kernelSize, stride, padding, rows }: UnfoldOptions) {
    const [n, c, height, width] = expectRank('unfold', 'x', x, 4);
    const outHeight = windowOutput('unfold', height, { kernelSize: kernelSize[0], stride, padding });
    const outWidth = windowOutput('unfold', width, { kernelSize: kernelSize[1], stride, padding });
    const { top, count } = rows ?? { top: 0, count: outHeight };
    if (top + count > outHeight)
      throw new ShapeError(
        `unfold: rows must be within the ${outHeight} of the output, got rows ${top} to ${top + count - 1}`,
      );
    const columns = c * kernelSize[0] * kernelSize[1];
    return {
      outputs: { y: [n, columns, count, outWidth] },
      params: {
        planes: n * c,
        height,
        width,
        kernel_height: kernelSize[0],
        kernel_width: kernelSize[1],
        stride,
        padding,
        top,
        rows: count,
        out_width: outWidth,
      },
      constants: { STRIDE: stride <= 2 ? stride : 0 },
      workgroups: linearGrid(n * columns * count, 32),
    };
  },
});
