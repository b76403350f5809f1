import shader from '../../shaders/resize.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { formatShape } from '../runtime/shape.ts';
import { expectRank } from './shape_checks.ts';

export interface ResizeOptions {
  readonly axis: 'x' | 'y';
  /** The axis' new size in pixels. */
  readonly size: number;
  /** Whether pixels are integers 0..255 before and after, as in PIL. */
  readonly round: boolean;
}

/** Lines that one invocation computes; LINES in the shader. */
const LINES = 4;
/** Up to this size every sum of weights fits into 31 bits. */
const MAX_SIZE = 16384;

/**
 * Resizes one axis of an image, bilinear and antialiased: a triangle filter, widened by the factor of reduction.
 * PIL resizes x first, then y, and skips an axis that keeps its size.
 *
 * x        [C, H, W], 0..255
 * y        [C, H, size] along x, [C, size, W] along y
 *
 * With `round`, bit-identical to PIL.
 *
 * @throws ShapeError  x is not 3-D, or a size is out of range
 * Source: Pillow, src/libImaging/Resample.c; PIL.Image.resize(size, Image.BILINEAR)
 */
export const resize = defineKernel({
  name: 'resize',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { axis, size, round }: ResizeOptions) {
    const [channels, height, width] = expectRank('resize', 'x', x, 3);
    const inSize = axis === 'x' ? width : height;
    if (!Number.isInteger(size) || Math.min(inSize, size) < 1 || Math.max(inSize, size) > MAX_SIZE)
      throw new ShapeError(
        `resize: sizes must be 1 to ${MAX_SIZE} pixels, got ${inSize} to ${size} along ${axis} (x ${formatShape(x)})`,
      );
    const lines = axis === 'x' ? channels * height : channels * width;
    return {
      outputs: { y: axis === 'x' ? [channels, height, size] : [channels, size, width] },
      params: { in_size: inSize, out_size: size, lines, stride: axis === 'x' ? 1 : width },
      constants: { ROUND: round ? 1 : 0 },
      workgroups: linearGrid(Math.ceil(lines / LINES) * size, 64),
    };
  },
});
