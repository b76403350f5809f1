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
/** Limit for a sum of weights, which is about 2 * in_size² / out_size, so that the shader's arithmetic stays exact. */
const MAX_SUM = 2 ** 29;
/** Limit for in_size * out_size, so that positions in units of half a pixel fit into 32 bits. */
const MAX_PRODUCT = 2 ** 30;

/** Returns the longest axis that `resize` can bring to `size` pixels. */
export function longestResizable(size: number): number {
  return Math.floor(Math.min(Math.sqrt((MAX_SUM / 2) * size), MAX_PRODUCT / size));
}

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
    if (!Number.isInteger(size) || Math.min(inSize, size) < 1)
      throw new ShapeError(
        `resize: sizes must be whole numbers of at least 1, got ${inSize} to ${size} along ${axis} (x ${formatShape(x)})`,
      );
    if (inSize > longestResizable(size))
      throw new ShapeError(
        `resize: at most ${longestResizable(size)} pixels can be resized to ${size}, got ${inSize} along ${axis} (x ${formatShape(x)})`,
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
