import shader from '../../shaders/colormap_overlay.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank, expectShape } from './shape_checks.ts';

export interface ColormapOverlayOptions {
  /** 0 shows only the image, 1 only the map. */
  readonly opacity: number;
}

/**
 * Blends a map, drawn in colours, into an image.
 *
 * image    [N, 3, H, W], RGB, 0..255
 * values   [N, H, W], the map
 * bounds   [N, 2], the values that get the first and the last colour, as `min_max` returns them
 * table    [256, 3], RGB, 0..255
 * y        [N, 3, H, W], image * (1 - opacity) + colour * opacity, not rounded
 *
 * A constant map gets the first colour everywhere. A NaN in map or bounds makes its pixels NaN.
 *
 * @throws ShapeError  a shape does not match values, or opacity is not in [0, 1]
 * Source: matplotlib.colors.Colormap.__call__
 */
export const colormapOverlay = defineKernel({
  name: 'colormap_overlay',
  shader,
  inputs: ['image', 'values', 'bounds', 'table'],
  outputs: ['y'],
  plan(shapes, { opacity }: ColormapOverlayOptions) {
    const [n, height, width] = expectRank('colormap_overlay', 'values', shapes.values, 3);
    expectShape('colormap_overlay', 'image', { shapes, expected: [n, 3, height, width] });
    expectShape('colormap_overlay', 'bounds', { shapes, expected: [n, 2] });
    expectShape('colormap_overlay', 'table', { shapes, expected: [256, 3] });
    if (!(opacity >= 0 && opacity <= 1))
      throw new ShapeError(`colormap_overlay: opacity must be in [0, 1], got ${opacity}`);
    return {
      outputs: { y: shapes.image },
      params: { batch: n, area: height * width, opacity },
      workgroups: linearGrid(n * height * width, 64),
    };
  },
});
