import shader from '../../shaders/upsample_bilinear.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

/** `corners` keeps the centres of the corner pixels in place, `half-pixel` the edges of the image. */
export type Alignment = 'corners' | 'half-pixel';

export interface UpsampleBilinearOptions {
  /** In pixels, as is `width`. */
  readonly height: number;
  readonly width: number;
  readonly align: Alignment;
}

/** Up to this size the numerator of every position fits into 32 bits. */
const MAX_SIZE = 32768;

/**
 * Bilinear interpolation to any size, without antialiasing.
 *
 * x        [N, C, H, W]
 * y        [N, C, height, width]
 *
 * @throws ShapeError  x is not 4-D, or a size is out of range
 * Source: `corners` is scipy.ndimage.zoom(order=1), and torch.nn.functional.interpolate with align_corners=True;
 * `half-pixel` is the latter with align_corners=False
 */
export const upsampleBilinear = defineKernel({
  name: 'upsample_bilinear',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { height: outHeight, width: outWidth, align }: UpsampleBilinearOptions) {
    const [n, c, height, width] = expectRank('upsample_bilinear', 'x', x, 4);
    const sizes = [height, width, outHeight, outWidth];
    if (sizes.some(size => !Number.isInteger(size) || size < 1 || size > MAX_SIZE))
      throw new ShapeError(
        `upsample_bilinear: sizes must be 1 to ${MAX_SIZE} pixels, got ${outWidth} x ${outHeight} (x ${formatShape(x)})`,
      );
    const y = [n, c, outHeight, outWidth];
    return {
      outputs: { y },
      params: { planes: n * c, height, width, out_height: outHeight, out_width: outWidth },
      constants: { ALIGN_CORNERS: align === 'corners' ? 1 : 0 },
      workgroups: elementGrid(y, 64),
    };
  },
});
