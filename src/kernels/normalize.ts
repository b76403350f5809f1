import shader from '../../shaders/normalize.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

export interface NormalizeOptions {
  readonly channelOrder: 'RGB' | 'BGR';
  readonly scale: number;
  /** In `channelOrder`, as is `std`. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/**
 * Normalises pixels in the way that the network was trained with.
 *
 * x        [3, H, W], RGB, 0..255
 * y        [1, 3, H, W] in channelOrder, (pixel * scale - mean) / std
 *
 * @throws ShapeError  x is not [3, H, W]
 * Source: torchvision.transforms.ToTensor, Normalize; keras-applications, imagenet_utils.py, mode 'caffe'
 */
export const normalize = defineKernel({
  name: 'normalize',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { channelOrder, scale, mean, std }: NormalizeOptions) {
    const [channels, height, width] = expectRank('normalize', 'x', x, 3);
    if (channels !== 3)
      throw new ShapeError(`normalize: x must have 3 channels, got ${channels} (x ${formatShape(x)})`);
    return {
      outputs: { y: [1, 3, height, width] },
      params: {
        area: height * width,
        scale,
        mean_0: mean[0],
        mean_1: mean[1],
        mean_2: mean[2],
        std_0: std[0],
        std_1: std[1],
        std_2: std[2],
      },
      constants: { BGR: channelOrder === 'BGR' ? 1 : 0 },
      workgroups: linearGrid(height * width, 64),
    };
  },
});
