import shader from '../../shaders/affine.wgsl';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { expectRank } from './shape_checks.ts';

/** [a, b, c, d, e, f]: output pixel (x, y), at its centre, comes from (a x + b y + c, d x + e y + f) of the input. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

export interface AffineOptions {
  readonly matrix: AffineMatrix;
  readonly interpolation: 'nearest' | 'bilinear';
  /** Value of the pixels whose origin is outside the image. */
  readonly fill: number;
}

/**
 * Transforms an image by an affine map. The matrix is the inverse map, in pixels, whose centres are at halves.
 *
 * x        [C, H, W]
 * y        [C, H, W], the nearest or the bilinear value at each pixel's origin
 *
 * Nearest: exact, and equal to PIL's, with 16.16 fixed point where PIL uses it. Bilinear: not truncated to integers,
 * unlike PIL's.
 *
 * @throws ShapeError  x is not 3-D
 * Source: PIL.Image.transform(size, Image.AFFINE, matrix)
 */
export const affine = defineKernel({
  name: 'affine',
  shader,
  inputs: ['x'],
  outputs: ['y'],
  plan({ x }, { matrix, interpolation, fill }: AffineOptions) {
    const [channels, height, width] = expectRank('affine', 'x', x, 3);
    const [a, b, c, d, e, f] = matrix;
    const fixedPoint = interpolation === 'nearest' && usesFixedPoint(matrix, height, width);
    const fixed = [a, b, c + (a + b) / 2, d, e, f + (d + e) / 2].map(value =>
      fixedPoint ? Math.floor(value * 65536 + 0.5) : 0,
    );
    const params: Record<string, number> = { channels, height, width, fill };
    matrix.forEach((value, i) => {
      params[`m_${i}`] = value;
      params[`fixed_${i}`] = fixed[i]!;
    });
    return {
      outputs: { y: x },
      params,
      constants: { BILINEAR: interpolation === 'bilinear' ? 1 : 0, FIXED_POINT: fixedPoint ? 1 : 0 },
      workgroups: linearGrid(height * width, 64),
    };
  },
});

/** Returns whether PIL uses fixed point: only if the map mixes the axes and all corners' origins fit into 16 bits. */
function usesFixedPoint([a, b, c, d, e, f]: AffineMatrix, height: number, width: number): boolean {
  if (b === 0 && d === 0) return false;
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const;
  return corners.every(([x, y]) => Math.max(Math.abs(a * x + b * y + c), Math.abs(d * x + e * y + f)) < 32768);
}
