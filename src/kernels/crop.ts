import shader from '../../shaders/crop.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

/** A window, in pixels. */
export interface CropOptions {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Copies a window out of every plane.
 *
 * x        [C, H, W]
 * y        [C, height, width]
 *
 * Exact: outputs are copies of inputs.
 *
 * @throws ShapeError  x is not 3-D, or the window is not inside it
 * Source: torchvision.transforms.functional.crop
 */
export const crop = defineKernel({
  name: 'crop',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { top, left, height, width }: CropOptions) {
    const [channels, inHeight, inWidth] = expectRank('crop', 'x', x, 3);
    if (top < 0 || left < 0 || height < 1 || width < 1 || top + height > inHeight || left + width > inWidth)
      throw new ShapeError(
        `crop: a window of ${width} x ${height} at (${left}, ${top}) must be inside the image (x ${formatShape(x)})`,
      );
    const y = [channels, height, width];
    return {
      outputs: { y },
      params: { channels, height: inHeight, width: inWidth, top, left, out_height: height, out_width: width },
      workgroups: elementGrid(y, 64),
    };
  },
});
