import shader from '../../shaders/winograd_weight.wgsl';
import { ShapeError } from '../errors.ts';
import { formatShape } from '../runtime/shape.ts';
import { defineKernel, linearGrid } from './define.ts';
import { expectRank } from './shape_checks.ts';

/**
 * Transforms a 3x3 convolution's weights for `winogradMatmul`: U = G g G^T.
 *
 * weight  [O, C, 3, 3]
 * u       [36, ceil(O / tile), C, tile], zero past O; tile is 8 unless said
 *
 * @throws ShapeError  weight is not [O, C, 3, 3]
 * Source: Lavin and Gray 2015, arXiv 1509.09308, F(4x4, 3x3)
 */
export const winogradWeight = defineKernel({
  name: 'winograd_weight',
  shader,
  inputs: ['weight'],
  outputs: ['u'],
  plan({ weight }, { tile = 8 }: { readonly tile?: number }) {
    const [outChannels, channels, height, width] = expectRank('winograd_weight', 'weight', weight, 4);
    if (height !== 3 || width !== 3)
      throw new ShapeError(`winograd_weight: weight must be [O, C, 3, 3], got ${formatShape(weight)}`);
    const groups = Math.ceil(outChannels / tile);
    return {
      outputs: { u: [36, groups, channels, tile] },
      params: { out_channels: outChannels, channels, tile },
      workgroups: linearGrid(Math.ceil((groups * tile) / 4) * channels, 32),
    };
  },
});
