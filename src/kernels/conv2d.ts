import generalShader from '../../shaders/conv2d.wgsl';
import threeByThreeShader from '../../shaders/conv2d_3x3.wgsl';
import packHalvesShader from '../../shaders/pack_conv2d_halves.wgsl';
import packShader from '../../shaders/pack_conv2d_weight.wgsl';
import { ShapeError } from '../errors/index.ts';
import { defineKernel, elementGrid } from '../runtime/kernel.ts';
import { elementCount } from '../runtime/shape.ts';
import {
  CHANNEL_BLOCK,
  type Conv2dOptions,
  type Conv2dShapes,
  planConv2d,
  TILE_PIXELS,
  tensorsOf,
  tileGrid,
} from './conv2d_plan.ts';
import { expectRank, expectShape } from './shape_checks.ts';

/**
 * Reorders a convolution's weights for the register-tiled kernels.
 *
 * weight  [O, C, KH, KW]
 * y       [ceil(O / channelBlock), C * KH * KW, channelBlock], zero past O; channelBlock is 8 by default
 *
 * Exact: outputs are copies of inputs.
 *
 * @throws ShapeError  weight is not 4-D
 */
export const packConv2dWeight = defineKernel({
  name: 'pack_conv2d_weight',
  shader: packShader,
  inputs: ['weight'],
  outputs: ['y'],
  plan({ weight }, { channelBlock = CHANNEL_BLOCK }: { readonly channelBlock?: number }) {
    const [outChannels, channels, height, width] = expectRank('pack_conv2d_weight', 'weight', weight, 4);
    const depth = channels * height * width;
    const y = [Math.ceil(outChannels / channelBlock), depth, channelBlock];
    return {
      outputs: { y },
      params: { out_channels: outChannels, depth, tile: channelBlock, size: elementCount(y) },
      workgroups: elementGrid(y, 64),
    };
  },
});

/**
 * `packConv2dWeight` with 16-bit floats, for kernels with the option `halfWeights`.
 *
 * weight   [O, C, KH, KW], finite
 * factors  [O], powers of two that bring each channel's weights under 2^15
 * y        [ceil(O / 8), C * KH * KW, 4], words of two channels' weights times their factors, zero past O
 *
 * Rounds to 11 significant bits, to nearest even. Values under 2^-14 become 0.
 *
 * @throws ShapeError  weight is not 4-D, or factors is not [O]
 */
export const packConv2dHalves = defineKernel({
  name: 'pack_conv2d_halves',
  shader: packHalvesShader,
  inputs: ['weight', 'factors'],
  outputs: ['y'],
  plan(shapes) {
    const where = 'pack_conv2d_halves';
    const [outChannels, channels, height, width] = expectRank(where, 'weight', shapes.weight, 4);
    expectShape(where, 'factors', { shapes, expected: [outChannels] });
    const depth = channels * height * width;
    const y = [Math.ceil(outChannels / CHANNEL_BLOCK), depth, CHANNEL_BLOCK / 2];
    return {
      outputs: { y },
      params: { out_channels: outChannels, depth, size: elementCount(y) },
      workgroups: elementGrid(y, 64),
    };
  },
});

/**
 * 2-D convolution with a fused epilogue, NCHW: y = relu?(conv(x) * scale + shift + residual).
 * A batch norm after the convolution is a scale and a shift; a bias is a shift.
 *
 * x         [N, C, H, W]
 * weight    [ceil(O / 8), C * KH * KW, 8], from `packConv2dWeight`
 * scale, shift [O], residual [N, O, OH, OW]: optional
 * y         [N, O, OH, OW], OH = floor((H + 2*padding - KH) / stride) + 1
 *
 * stride and padding in pixels. Sums are f32, in the order of channels, rows, columns.
 *
 * @throws ShapeError  weight does not fit x and the options, the window does not fit, or an optional input has another shape
 * Source: torch.nn.functional.conv2d, groups 1, dilation 1
 */
export const conv2d = defineKernel({
  ...tensorsOf('conv2d', generalShader),
  plan(shapes: Conv2dShapes, options: Conv2dOptions) {
    const { params, y, constants } = planConv2d('conv2d', shapes, options);
    return {
      outputs: { y },
      params: { ...params, stride: options.stride, padding: options.padding },
      constants: {
        ...constants,
        KERNEL_HEIGHT: options.kernelSize[0],
        KERNEL_WIDTH: options.kernelSize[1],
        IS_INSIDE: Number(options.padding === 0),
      },
      workgroups: tileGrid(y, Math.ceil((params.out_height * params.out_width) / TILE_PIXELS)),
    };
  },
});

/** `conv2d` for a 3x3 window at stride 1: nine loads of x serve three taps of seven pixels. */
export const conv2d3x3 = defineKernel({
  ...tensorsOf('conv2d_3x3', threeByThreeShader),
  plan(shapes: Conv2dShapes, options: Conv2dOptions) {
    const [height, width] = options.kernelSize;
    if (height !== 3 || width !== 3 || options.stride !== 1)
      throw new ShapeError(
        `conv2d_3x3: expected a 3x3 window at stride 1, got ${height}x${width} at stride ${options.stride}`,
      );
    const { params, y, constants } = planConv2d('conv2d_3x3', shapes, options);
    return {
      outputs: { y },
      params: { ...params, padding: options.padding },
      constants,
      workgroups: tileGrid(y, params.out_height * Math.ceil(params.out_width / TILE_PIXELS)),
    };
  },
});
