import shader from '../../shaders/conv2d_subgroup_matrix.wgsl';
import type { SubgroupMatrix } from '../runtime/adapter.ts';
import { defineKernel } from '../runtime/kernel.ts';
import { SUBGROUP_MATRIX_FEATURE, SUBGROUPS } from '../runtime/subgroup_matrix.ts';
import { type Conv2dGemmOptions, planGemm } from './conv2d_gemm.ts';
import { type Conv2dShapes, tensorsOf } from './conv2d_plan.ts';

/** The tile that one workgroup computes. */
export const MATRIX_TILE = { channels: 64, columns: 64 } as const;

export type Conv2dSubgroupMatrixOptions = Omit<Conv2dGemmOptions, 'tile' | 'halfWeights'>;

/** A kernel for each matrix size, because the sizes are part of the shader's text. */
const variants = new Map<string, ReturnType<typeof define>>();

/**
 * `conv2dGemm` with subgroup matrices: weights are 16-bit floats, x is rounded to 16 bits, sums and everything else
 * are f32. A value of x over 65504 becomes infinite.
 *
 * weight  [ceil(O / 8), C * KH * KW, 4], from `packConv2dHalves`
 *
 * @throws ShapeError  as `conv2dGemm`
 */
export function conv2dSubgroupMatrix(matrix: SubgroupMatrix): ReturnType<typeof define> {
  const key = JSON.stringify(matrix);
  const known = variants.get(key) ?? define(matrix);
  variants.set(key, known);
  return known;
}

function define({ rows, columns, depth, invocations }: SubgroupMatrix) {
  const name = 'conv2d_subgroup_matrix';
  const sizes: Record<string, number> = { ROWS: rows, COLUMNS: columns, DEPTH: depth };
  const sized = shader.replace(
    /^const (ROWS|COLUMNS|DEPTH) = \d+u;$/gm,
    (_, size) => `const ${size} = ${sizes[size]}u;`,
  );
  return defineKernel({
    ...tensorsOf(name, sized),
    template: shader,
    feature: SUBGROUP_MATRIX_FEATURE,
    plan(shapes: Conv2dShapes, options: Conv2dSubgroupMatrixOptions) {
      const planned = planGemm(name, shapes, { ...options, tile: MATRIX_TILE, halfWeights: true });
      return { ...planned, constants: { ...planned.constants, INVOCATIONS: SUBGROUPS * invocations } };
    },
  });
}
