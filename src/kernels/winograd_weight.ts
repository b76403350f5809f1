import shader2x2 from '../../shaders/winograd_2x2_weight.wgsl';
import shader from '../../shaders/winograd_weight.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, linearGrid } from '../runtime/kernel.ts';
import { formatShape, type Shape } from '../runtime/shape.ts';
import { CHANNEL_BLOCK } from './conv2d_plan.ts';
import { expectRank } from './shape_checks.ts';

/**
 * Transforms a 3x3 convolution's weights for `winogradMatmul`: U = G g G^T.
 *
 * weight  [O, C, 3, 3]
 * u       [36, ceil(O / channelBlock), C, channelBlock], zero past O; channelBlock is 8 by default
 *
 * @throws ShapeError  weight is not [O, C, 3, 3]
 * Source: Lavin and Gray 2015, arXiv 1509.09308, F(4x4, 3x3)
 */
export const winogradWeight = defineKernel({
  name: 'winograd_weight',
  shader,
  inputs: ['weight'],
  outputs: ['u'],
  plan({ weight }, options: WinogradWeightOptions) {
    const { params, padded } = planWeight('winograd_weight', weight, options);
    const { channels, tile } = params;
    return {
      outputs: { u: [36, padded / tile, channels, tile] },
      params,
      workgroups: linearGrid(Math.ceil(padded / 4) * channels, 32),
    };
  },
});

/**
 * The same for F(2x2, 3x3).
 *
 * u  [16, ceil(O / channelBlock), C, channelBlock], zero past O
 */
export const winograd2x2Weight = defineKernel({
  name: 'winograd_2x2_weight',
  shader: shader2x2,
  inputs: ['weight'],
  outputs: ['u'],
  plan({ weight }, options: WinogradWeightOptions) {
    const { params, padded } = planWeight('winograd_2x2_weight', weight, options);
    const { channels, tile } = params;
    return {
      outputs: { u: [16, padded / tile, channels, tile] },
      params,
      workgroups: linearGrid(padded * channels, 32),
    };
  },
});

interface WinogradWeightOptions {
  /** The channel block; 8 by default. */
  readonly channelBlock?: number;
}

function planWeight(where: string, weight: Shape, { channelBlock = CHANNEL_BLOCK }: WinogradWeightOptions) {
  const [outChannels, channels, height, width] = expectRank(where, 'weight', weight, 4);
  if (height !== 3 || width !== 3)
    throw new ShapeError(`${where}: weight must be [O, C, 3, 3], got ${formatShape(weight)}`);
  const padded = Math.ceil(outChannels / channelBlock) * channelBlock;
  return { params: { out_channels: outChannels, channels, tile: channelBlock }, padded };
}
