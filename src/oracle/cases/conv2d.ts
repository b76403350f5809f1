import { conv2d, conv2d3x3, packConv2dHalves, packConv2dWeight } from '../../kernels/conv2d.ts';
import { conv2d1x1, conv2d1x1Quads, conv2d1x1Swaps, conv2d1x1X8, conv2d1x1X16 } from '../../kernels/conv2d_1x1.ts';
import type { Conv2dOptions } from '../../kernels/conv2d_plan.ts';
import { planConvolution } from '../../nn/plan_convolution.ts';
import type { AdapterFamily } from '../../runtime/adapter.ts';
import type { AnyKernel } from '../../runtime/pipelines.ts';
import { type Case, caseTable, type InputSpec } from '../case_table.ts';
import {
  packConv2dHalves as packHalvesReference,
  packConv2dWeight as packReference,
  conv2d as reference,
} from '../reference/conv2d.ts';
import { resnet152Convolutions } from './resnet152_convolutions.ts';

const one = (outChannels: number, more: Partial<Conv2dOptions> = {}): Conv2dOptions => ({
  outChannels,
  kernel: [1, 1],
  stride: 1,
  padding: 0,
  ...more,
});
const three = (outChannels: number, more: Partial<Conv2dOptions> = {}): Conv2dOptions => ({
  outChannels,
  kernel: [3, 3],
  stride: 1,
  padding: 1,
  ...more,
});

/** Weights as the kernels take them, for `depth` = C * KH * KW. */
const packed = (outChannels: number, depth: number, tile = 8) => [Math.ceil(outChannels / tile), depth, tile];

const GPU: AdapterFamily = { kind: 'gpu', architecture: '' };
const RELAXED_SIMD: AdapterFamily = { kind: 'wasm', architecture: 'wasm-relaxed-simd' };
const WIDE_SIMD: AdapterFamily = { kind: 'wasm', architecture: 'wasm-wide-simd' };

/** The rows of ResNet-152 that one variant computes alone, by weights in blocks of `channelBlock`. */
const resnetCases = (variant: AnyKernel, adapter: AdapterFamily = GPU, channelBlock = 8): Case<Conv2dOptions>[] =>
  resnet152Convolutions.flatMap(({ module, channels, outChannels, kernel, stride, size }) => {
    const options: Conv2dOptions = {
      outChannels,
      kernel: [kernel, kernel],
      stride,
      padding: (kernel - 1) / 2,
      relu: true,
    };
    const x = [1, channels, size, size];
    const { bands } = planConvolution({ ...options, batch: 1, channels, size: [size, size] }, adapter, {
      algorithm: { kind: 'direct' },
    });
    if (bands[0]![0]!.kernel !== variant) return [];
    const inputs = {
      x,
      weight: packed(outChannels, channels * kernel * kernel, channelBlock),
      scale: [outChannels],
      shift: [outChannels],
    };
    return [{ why: `resnet152 ${module}`, inputs, options }];
  });

const sideOf = (input: InputSpec | undefined) => (input as readonly number[])[3];

export const pack = caseTable<{ tile?: number }>({
  kernel: packConv2dWeight,
  reference: packReference,
  exact: true,
  cases: [
    { why: 'one weight', inputs: { weight: [1, 1, 1, 1] }, options: {} },
    { why: 'channels short of a tile', inputs: { weight: [7, 3, 1, 1] }, options: {} },
    { why: 'channels over a tile', inputs: { weight: [9, 2, 3, 3] }, options: {} },
    { why: 'tiles of 6 channels', inputs: { weight: [13, 2, 3, 1] }, options: { tile: 6 } },
    { why: "the stem's 7x7", inputs: { weight: [64, 3, 7, 7] }, options: {} },
    { why: 'more workgroups than one row of the grid holds', inputs: { weight: [2048, 2049, 1, 1] }, options: {} },
    {
      why: 'weight is not 4-D',
      inputs: { weight: [8, 8] },
      options: {},
      error: 'pack_conv2d_weight: weight must be 4-D, got [8, 8]',
    },
  ],
});

/** Bits of 32-bit floats as numbers. */
const floats = (...bits: number[]) => [...new Float32Array(Uint32Array.from(bits).buffer)];

export const packHalves = caseTable<object>({
  kernel: packConv2dHalves,
  reference: packHalvesReference,
  exact: true,
  cases: [
    { why: 'one weight', inputs: { weight: [1, 1, 1, 1], factors: [1] }, options: {} },
    {
      why: 'channels short of a tile, of an odd number',
      inputs: { weight: [7, 3, 1, 1], factors: { shape: [7], fill: i => 2 ** i } },
      options: {},
    },
    {
      why: 'channels over a tile, a window',
      inputs: { weight: [17, 2, 3, 3], factors: { shape: [17], fill: i => 2 ** (14 - i) } },
      options: {},
    },
    {
      why: 'half way between two, to the even one; a hair beside it; up to the next power of two; the least normal and less',
      inputs: {
        weight: {
          shape: [1, 10, 1, 1],
          values: [
            ...floats(0x3f801000, 0x3f803000, 0x3f801001, 0x3f800fff, 0xbf803000, 0x3ffff000),
            ...[2 ** -14, -(2 ** -14), 2 ** -14 * (1 - 2 ** -24), -0],
          ],
        },
        factors: { shape: [1], values: [1] },
      },
      options: {},
    },
    {
      why: 'factors of as many channels as weight has',
      inputs: { weight: [8, 2, 1, 1], factors: [7] },
      options: {},
      error: 'pack_conv2d_halves: factors must be [8], got [7] (weight [8, 2, 1, 1], factors [7])',
    },
  ],
});

export const general = caseTable<Conv2dOptions>({
  kernel: conv2d,
  reference,
  cases: [
    ...resnetCases(conv2d),
    { why: 'one pixel, one channel', inputs: { x: [1, 1, 1, 1], weight: packed(1, 1) }, options: one(1) },
    {
      why: 'batch of two, prime sizes, channels not divisible by 4',
      inputs: { x: [2, 5, 11, 13], weight: packed(7, 45) },
      options: three(7, { stride: 2 }),
    },
    {
      why: 'a 5x3 window',
      inputs: { x: [1, 2, 9, 8], weight: packed(3, 30) },
      options: { outChannels: 3, kernel: [5, 3], stride: 1, padding: 1 },
    },
    {
      why: 'stride 3, wide padding',
      inputs: { x: [1, 3, 10, 17], weight: packed(9, 147) },
      options: { outChannels: 9, kernel: [7, 7], stride: 3, padding: 3 },
    },
    {
      why: 'scale, shift, residual and relu',
      inputs: { x: [2, 3, 6, 6], weight: packed(10, 27), scale: [10], shift: [10], residual: [2, 10, 3, 3] },
      options: three(10, { stride: 2, relu: true }),
    },
    {
      why: 'a residual alone, that keeps negative sums',
      inputs: { x: [1, 2, 5, 5], weight: packed(8, 18), residual: { shape: [1, 8, 5, 5], fill: i => -1 - i } },
      options: three(8),
    },
    {
      why: 'NaN in x surfaces through relu',
      inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) }, weight: packed(2, 1) },
      options: { outChannels: 2, kernel: [1, 1], stride: 1, padding: 1, relu: true },
    },
    {
      why: 'weight has other channels',
      inputs: { x: [1, 64, 56, 56], weight: packed(64, 32) },
      options: one(64),
      error:
        'conv2d: packed weight does not fit 64 channels and 64 outputs at 1x1, expected [8, 64, 8] (x [1, 64, 56, 56], weight [8, 32, 8])',
    },
    {
      why: 'residual of another shape',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8), residual: [1, 8, 2, 2] },
      options: one(8),
      error: 'conv2d: residual must be [1, 8, 4, 4] (residual [1, 8, 2, 2])',
    },
  ],
});

export const pointwise = caseTable<Conv2dOptions>({
  kernel: conv2d1x1,
  reference,
  cases: [
    ...resnetCases(conv2d1x1),
    { why: 'one pixel, one channel', inputs: { x: [1, 1, 1, 1], weight: packed(1, 1) }, options: one(1) },
    { why: 'a tile of pixels less one', inputs: { x: [1, 5, 2, 3], weight: packed(8, 5) }, options: one(8) },
    { why: 'a tile of pixels and one', inputs: { x: [1, 5, 2, 4], weight: packed(8, 5) }, options: one(8) },
    { why: 'channels over a tile, batch of two', inputs: { x: [2, 3, 3, 5], weight: packed(13, 3) }, options: one(13) },
    { why: 'stride 2 on odd sizes', inputs: { x: [2, 4, 7, 9], weight: packed(6, 4) }, options: one(6, { stride: 2 }) },
    {
      why: 'scale, shift, residual and relu',
      inputs: { x: [2, 6, 5, 5], weight: packed(12, 6), scale: [12], shift: [12], residual: [2, 12, 5, 5] },
      options: one(12, { relu: true }),
    },
    {
      why: 'a window that is not 1x1',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 72) },
      options: three(8),
      error: 'conv2d_1x1: expected a 1x1 window without padding, got 3x3, padding 1',
    },
  ],
});

/** Of a variant that reads four pixels at a time. */
const quadEdges = (variant: AnyKernel): Case<Conv2dOptions>[] => [
  { why: 'half a tile of pixels, one channel', inputs: { x: [1, 1, 2, 2], weight: packed(1, 1) }, options: one(1) },
  { why: 'exactly one tile of pixels', inputs: { x: [1, 5, 2, 4], weight: packed(16, 5) }, options: one(16) },
  {
    why: 'a tile and a half, rows that no vector ends at',
    inputs: { x: [1, 5, 2, 6], weight: packed(9, 5) },
    options: one(9),
  },
  {
    why: 'channels over two tiles, batch of two',
    inputs: { x: [2, 3, 4, 5], weight: packed(37, 3) },
    options: one(37),
  },
  {
    why: 'scale, shift, residual and relu',
    inputs: { x: [2, 6, 6, 6], weight: packed(12, 6), scale: [12], shift: [12], residual: [2, 12, 6, 6] },
    options: one(12, { relu: true }),
  },
  {
    why: 'NaN in x surfaces through relu',
    inputs: { x: { shape: [1, 1, 2, 4], fill: i => (i === 5 ? Number.NaN : i) }, weight: packed(2, 1) },
    options: one(2, { relu: true }),
  },
  {
    why: 'planes that vectors of four do not fill',
    inputs: { x: [1, 8, 7, 7], weight: packed(8, 8) },
    options: one(8),
    error: `${variant.name}: planes of x must be a multiple of 4 pixels, got 7 * 7 (x [1, 8, 7, 7])`,
  },
  {
    why: 'stride 2',
    inputs: { x: [1, 8, 4, 4], weight: packed(8, 8) },
    options: one(8, { stride: 2 }),
    error: `${variant.name}: expected a 1x1 window at stride 1 without padding, got 1x1 at stride 2, padding 0`,
  },
];

export const pointwiseQuads = caseTable<Conv2dOptions>({
  kernel: conv2d1x1Quads,
  reference,
  cases: [...resnetCases(conv2d1x1Quads), ...quadEdges(conv2d1x1Quads)],
});

export const pointwiseSwaps = caseTable<Conv2dOptions>({
  kernel: conv2d1x1Swaps,
  reference,
  cases: [
    // The others have the bits of conv2d_1x1_quads (test/nn/subgroups.test.ts).
    ...resnetCases(conv2d1x1Swaps, { ...GPU, features: ['subgroups'] }).slice(0, 3),
    ...quadEdges(conv2d1x1Swaps),
    ...[17, 31, 33, 64, 65].map(outChannels => ({
      why: `${outChannels} channels: quads and pairs that are not full`,
      inputs: { x: [2, 3, 3, 4], weight: packed(outChannels, 3) },
      options: one(outChannels),
    })),
    ...[4, 8, 12, 16, 20].map(width => ({
      why: `${width} pixels: quads and pairs that are not full`,
      inputs: { x: [3, 2, 1, width], weight: packed(19, 2), residual: [3, 19, 1, width] },
      options: one(19),
    })),
  ],
});

export const threeByThree = caseTable<Conv2dOptions>({
  kernel: conv2d3x3,
  reference,
  cases: [
    ...resnetCases(conv2d3x3),
    { why: 'one pixel: padding alone around it', inputs: { x: [1, 1, 1, 1], weight: packed(1, 9) }, options: three(1) },
    { why: 'a row tile less one, and one more', inputs: { x: [1, 2, 3, 6], weight: packed(8, 18) }, options: three(8) },
    { why: 'two row tiles and one pixel', inputs: { x: [1, 2, 4, 15], weight: packed(8, 18) }, options: three(8) },
    { why: 'no padding', inputs: { x: [1, 3, 6, 9], weight: packed(5, 27) }, options: three(5, { padding: 0 }) },
    {
      why: 'padding of 2, batch of three, channels over a tile',
      inputs: { x: [3, 2, 5, 4], weight: packed(11, 18) },
      options: three(11, { padding: 2 }),
    },
    {
      why: 'scale, shift, residual and relu',
      inputs: { x: [2, 3, 8, 8], weight: packed(9, 27), scale: [9], shift: [9], residual: [2, 9, 8, 8] },
      options: three(9, { relu: true }),
    },
    {
      why: 'stride 2',
      inputs: { x: [1, 8, 8, 8], weight: packed(8, 72) },
      options: three(8, { stride: 2 }),
      error: 'conv2d_3x3: expected a 3x3 window at stride 1, got 3x3 at stride 2',
    },
  ],
});

export const pointwiseX8 = caseTable<Conv2dOptions>({
  kernel: conv2d1x1X8,
  reference,
  cases: [
    ...resnetCases(conv2d1x1X8, RELAXED_SIMD, 6),
    { why: 'one pixel, one channel', inputs: { x: [1, 1, 1, 1], weight: packed(1, 1, 6) }, options: one(1) },
    { why: 'exactly one tile of pixels', inputs: { x: [1, 3, 2, 4], weight: packed(6, 3, 6) }, options: one(6) },
    { why: 'fewer pixels than a tile', inputs: { x: [2, 5, 1, 7], weight: packed(8, 5, 6) }, options: one(8) },
    {
      why: 'a tile and a half: the last tile moves back',
      inputs: { x: [1, 5, 3, 4], weight: packed(8, 5, 6) },
      options: one(8),
    },
    {
      why: 'tiles of 4 channels, one pixel over two tiles',
      inputs: { x: [1, 5, 1, 17], weight: packed(8, 5, 4) },
      options: one(8),
    },
    {
      why: 'channels that fill no tile, batch of two',
      inputs: { x: [2, 5, 4, 5], weight: packed(13, 5, 6) },
      options: one(13),
    },
    ...[4, 6].map(tile => ({
      why: `scale, shift, residual and relu, where tiles of ${tile} channels overlap`,
      inputs: { x: [2, 6, 6, 5], weight: packed(10, 6, tile), scale: [10], shift: [10], residual: [2, 10, 6, 5] },
      options: one(10, { relu: true }),
    })),
    {
      why: 'NaN in x surfaces through relu',
      inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) }, weight: packed(2, 1, 6) },
      options: one(2, { relu: true }),
    },
    {
      why: 'stride 2',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8, 6) },
      options: one(8, { stride: 2 }),
      error: 'conv2d_1x1_x8: expected a 1x1 window at stride 1 without padding, got 1x1 at stride 2, padding 0',
    },
    {
      why: 'weights packed for other variants',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8) },
      options: one(8),
      error: 'conv2d_1x1_x8: weight must have channel blocks of 4 or 6, got 8 (weight [1, 8, 8])',
    },
  ],
});

export const pointwiseX16 = caseTable<Conv2dOptions>({
  kernel: conv2d1x1X16,
  reference,
  cases: [
    // One of each size of planes: what differs between the others are loops' lengths.
    ...[56, 28, 14, 7].map(
      size => resnetCases(conv2d1x1X16, WIDE_SIMD, 6).find(({ inputs }) => sideOf(inputs.x) === size)!,
    ),
    { why: 'exactly one tile of pixels', inputs: { x: [1, 3, 4, 4], weight: packed(6, 3, 6) }, options: one(6) },
    ...[1, 4, 7, 8, 15].map(width => ({
      why: `fewer pixels than a tile: ${width}`,
      inputs: { x: [2, 5, 1, width], weight: packed(8, 5, 6) },
      options: one(8),
    })),
    ...[1, 3, 4, 5, 8, 9, 12, 15].map(over => ({
      why: `a tile and ${over} pixels: the last tile moves back`,
      inputs: { x: [1, 5, 1, 16 + over], weight: packed(13, 5, 6), residual: [1, 13, 1, 16 + over] },
      options: one(13),
    })),
    {
      why: 'scale, shift, residual and relu, where tiles overlap',
      inputs: { x: [2, 6, 6, 5], weight: packed(10, 6, 6), scale: [10], shift: [10], residual: [2, 10, 6, 5] },
      options: one(10, { relu: true }),
    },
    {
      why: 'NaN in x surfaces through relu',
      inputs: { x: { shape: [1, 1, 5, 5], fill: i => (i === 14 ? Number.NaN : i) }, weight: packed(2, 1, 6) },
      options: one(2, { relu: true }),
    },
    {
      why: 'weights packed for other variants',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8) },
      options: one(8),
      error: 'conv2d_1x1_x16: weight must have channel blocks of 6, got 8 (weight [1, 8, 8])',
    },
  ],
});
