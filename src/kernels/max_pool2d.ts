import shader from '../../shaders/max_pool2d.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank, windowOutput } from './shape_checks.ts';

export interface MaxPool2dOptions {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

/**
 * 2-D max pooling, square window. Padding never wins.
 *
 * x        [N, C, H, W]
 * y        [N, C, OH, OW], OH = floor((H + 2*padding - kernelSize) / stride) + 1
 *
 * kernelSize, stride, padding in pixels; padding <= kernelSize / 2, as in PyTorch.
 * Exact: outputs are copies of inputs.
 *
 * @throws ShapeError  x is not 4-D, the padding is over half the window, or the window does not fit
 * Source: torch.nn.MaxPool2d, dilation 1, ceil_mode false
 */
export const maxPool2d = defineKernel({
  name: 'max_pool2d',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { kernelSize, stride, padding }: MaxPool2dOptions) {
    const [n, c, height, width] = expectRank('max_pool2d', 'x', x, 4);
    if (padding > kernelSize / 2)
      throw new ShapeError(
        `max_pool2d: padding must be at most half of the window, kernelSize ${kernelSize}, padding ${padding}`,
      );
    const outHeight = windowOutput('max_pool2d', height, { kernelSize, stride, padding });
    const outWidth = windowOutput('max_pool2d', width, { kernelSize, stride, padding });
    const y = [n, c, outHeight, outWidth];
    return {
      outputs: { y },
      params: {
        planes: n * c,
        height,
        width,
        out_height: outHeight,
        out_width: outWidth,
        kernel: kernelSize,
        stride,
        padding,
      },
      constants: { IS_3_BY_2: Number(kernelSize === 3 && stride === 2) },
      workgroups: linearGrid(n * c * outHeight * Math.ceil(outWidth / 4), 64),
    };
  },
});
