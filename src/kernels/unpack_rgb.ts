import shader from '../../shaders/unpack_rgb.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank } from './shape_checks.ts';

export interface UnpackRgbOptions {
  readonly height: number;
  readonly width: number;
}

/** Pixels that one invocation unpacks. */
const RUN = 4;

/**
 * Unpacks interleaved RGB pixels, 8 bits per channel, into planes.
 *
 * x        [ceil(3 * H * W / 4)], u32: four bytes per word, lowest byte first, the last word padded
 * y        [3, H, W], 0..255
 *
 * Exact.
 *
 * @throws ShapeError  x is not 1-D, or its length does not match the pixels
 */
export const unpackRgb = defineKernel({
  name: 'unpack_rgb',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { height, width }: UnpackRgbOptions) {
    const [words] = expectRank('unpack_rgb', 'x', x, 1);
    const expected = Math.ceil((3 * height * width) / 4);
    if (words !== expected)
      throw new ShapeError(`unpack_rgb: ${width} x ${height} pixels take ${expected} words, got ${words}`);
    const area = height * width;
    return { outputs: { y: [3, height, width] }, params: { area }, workgroups: linearGrid(Math.ceil(area / RUN), 64) };
  },
});
