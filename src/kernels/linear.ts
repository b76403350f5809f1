import shader from '../../shaders/linear.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { formatShapes } from '../runtime/shape.ts';
import { expectRank, expectShape } from './shape_checks.ts';

/**
 * A fully connected layer.
 *
 * x        [N, in]
 * weight   [out, in]
 * bias     [out], optional
 * y        [N, out], x * weight^T + bias
 *
 * @throws ShapeError  x or weight is not 2-D, they differ in `in`, or bias is not [out]
 * Source: torch.nn.Linear
 */
export const linear = defineKernel({
  name: 'linear',
  shader,
  inputs: ['x', 'weight'],
  optional: ['bias'],
  outputs: ['y'],
  plan(shapes, _options: Record<string, never>) {
    const [n, inFeatures] = expectRank('linear', 'x', shapes.x, 2);
    const [outFeatures, expected] = expectRank('linear', 'weight', shapes.weight, 2);
    if (inFeatures !== expected)
      throw new ShapeError(
        `linear: x has ${inFeatures} features but weight expects ${expected} (${formatShapes(shapes)})`,
      );
    expectShape('linear', 'bias', { shapes, expected: [outFeatures] });
    const y = [n, outFeatures];
    return {
      outputs: { y },
      params: { rows: n, in_features: inFeatures, out_features: outFeatures },
      constants: { HAS_BIAS: shapes.bias ? 1 : 0 },
      workgroups: elementGrid(y, 64),
    };
  },
});
