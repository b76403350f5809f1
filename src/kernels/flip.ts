import shader from '../../shaders/flip.wgsl';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { expectRank } from './shape_checks.ts';

export interface FlipOptions {
  /** Swap left and right. */
  readonly horizontal: boolean;
  /** Swap top and bottom. */
  readonly vertical: boolean;
}

/**
 * Mirrors an image.
 *
 * x        [C, H, W]
 * y        [C, H, W]
 *
 * Exact: outputs are copies of inputs.
 *
 * @throws ShapeError  x is not 3-D
 * Source: torchvision.transforms.functional.hflip, vflip
 */
export const flip = defineKernel({
  name: 'flip',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { horizontal, vertical }: FlipOptions) {
    const [channels, height, width] = expectRank('flip', 'x', x, 3);
    return {
      outputs: { y: x },
      params: { channels, height, width },
      constants: { HORIZONTAL: horizontal ? 1 : 0, VERTICAL: vertical ? 1 : 0 },
      workgroups: elementGrid(x, 64),
    };
  },
});
