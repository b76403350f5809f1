import shader from '../../shaders/class_activation_map.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { formatShapes } from '../runtime/shape.ts';
import { expectRank, expectShape } from './shape_checks.ts';

/**
 * Maps the evidence for a class: the features of each pixel, weighted by the class's row of the head.
 *
 * features  [N, C, H, W], of the layer before the global average pool
 * weight    [K, C], of the linear layer after it
 * classes   [N], class numbers as f32
 * y         [N, H, W], sum over c of features[n, c, h, w] * weight[classes[n], c]
 *
 * Not normalised: the mean of a map plus the head's bias is the class's logit. The map of an invalid class is NaN.
 *
 * @throws ShapeError  a rank is wrong, features and weight differ in C, or classes is not [N]
 * Source: Zhou et al. 2016, Learning Deep Features for Discriminative Localization
 */
export const classActivationMap = defineKernel({
  name: 'class_activation_map',
  shader,
  inputs: ['features', 'weight', 'classes'],
  outputs: ['y'],
  plan(shapes, _options: Record<string, never>) {
    const [n, channels, height, width] = expectRank('class_activation_map', 'features', shapes.features, 4);
    const [classes, expected] = expectRank('class_activation_map', 'weight', shapes.weight, 2);
    if (channels !== expected)
      throw new ShapeError(
        `class_activation_map: features has ${channels} channels but weight expects ${expected} (${formatShapes(shapes)})`,
      );
    expectShape('class_activation_map', 'classes', { shapes, expected: [n] });
    const y = [n, height, width];
    return {
      outputs: { y },
      params: { batch: n, channels, area: height * width, classes },
      workgroups: elementGrid(y, 64),
    };
  },
});
