import shader from '../../shaders/grayscale.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

/**
 * The luma of an image in all three channels.
 *
 * x        [3, H, W], RGB, 0..255; fractions are rounded first
 * y        [3, H, W], (19595 * R + 38470 * G + 7471 * B + 2^15) >> 16, three times
 *
 * Exact: equal to PIL's.
 *
 * @throws ShapeError  x is not [3, H, W]
 * Source: torchvision.transforms.Grayscale(num_output_channels=3)
 */
export const grayscale = defineKernel({
  name: 'grayscale',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, _options: Record<string, never>) {
    const [channels, height, width] = expectRank('grayscale', 'x', x, 3);
    if (channels !== 3)
      throw new ShapeError(`grayscale: x must have 3 channels, got ${channels} (x ${formatShape(x)})`);
    return { outputs: { y: x }, params: { area: height * width }, workgroups: linearGrid(height * width, 64) };
  },
});
