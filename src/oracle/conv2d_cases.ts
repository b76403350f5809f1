/** Shapes, options and cases that the tables of conv2d and its variants share. */
import type { Conv2dGemmOptions } from '../kernels/conv2d_gemm.ts';
import type { Conv2dOptions } from '../kernels/conv2d_plan.ts';
import type { Case, InputSpec } from './case_table.ts';
import { resnet152Convolutions } from './resnet152_convolutions.ts';

/** Returns the options of a square window of odd size at stride 1, which keeps the height and width of x. */
export function square(
  kernelSize: number,
  outChannels: number,
  more: Partial<Conv2dGemmOptions> = {},
): Conv2dGemmOptions {
  return { outChannels, kernelSize: [kernelSize, kernelSize], stride: 1, padding: (kernelSize - 1) / 2, ...more };
}

/** Returns the shape of packed weights. `depth` is C * KH * KW. */
export function packed(outChannels: number, depth: number, channelBlock = 8): readonly number[] {
  return [Math.ceil(outChannels / channelBlock), depth, channelBlock];
}

/** Returns packed weights of 16-bit floats of both signs, from 2^-6 to 2^2. */
export function halves(outChannels: number, depth: number): InputSpec {
  const half = (i: number) => (((i * 40503) & 0x83ff) + (9 + (i % 8)) * 1024) & 0xffff;
  const size = Math.ceil(outChannels / 8) * depth * 4;
  const words = Uint32Array.from({ length: size }, (_, i) => half(2 * i) + 65536 * half(2 * i + 1));
  return { shape: [Math.ceil(outChannels / 8), depth, 4], words };
}

/** Returns the case of one convolution of ResNet-152 with its batch norm and relu. */
export function resnetCase(
  module: string,
  { channelBlock, ...more }: Partial<Conv2dGemmOptions> & { readonly channelBlock?: number } = {},
): Case<Conv2dGemmOptions> {
  const { channels, outChannels, kernelSize, stride, size } = resnet152Convolutions.find(one => one.module === module)!;
  return {
    why: `resnet152 ${module}`,
    large: true,
    inputs: {
      x: [1, channels, size, size],
      weight: packed(outChannels, channels * kernelSize * kernelSize, channelBlock),
      scale: [outChannels],
      shift: [outChannels],
    },
    options: square(kernelSize, outChannels, { stride, relu: true, ...more }),
  };
}

/** Returns the edge cases of a variant that reads four pixels at a time. */
export function quadCases(name: string): Case<Conv2dOptions>[] {
  return [
    {
      why: 'half a tile of pixels, one channel',
      inputs: { x: [1, 1, 2, 2], weight: packed(1, 1) },
      options: square(1, 1),
    },
    { why: 'exactly one tile of pixels', inputs: { x: [1, 5, 2, 4], weight: packed(16, 5) }, options: square(1, 16) },
    {
      why: 'one and a half tiles, rows that end within a vector',
      inputs: { x: [1, 5, 2, 6], weight: packed(9, 5) },
      options: square(1, 9),
    },
    {
      why: 'more than two tiles of channels, batch of two',
      inputs: { x: [2, 3, 4, 5], weight: packed(37, 3) },
      options: square(1, 37),
    },
    {
      why: 'scale, shift, residual and relu',
      inputs: { x: [2, 6, 6, 6], weight: packed(12, 6), scale: [12], shift: [12], residual: [2, 12, 6, 6] },
      options: square(1, 12, { relu: true }),
    },
    {
      why: 'relu keeps a NaN of x',
      inputs: { x: { shape: [1, 1, 2, 4], fill: i => (i === 5 ? Number.NaN : i) }, weight: packed(2, 1) },
      options: square(1, 2, { relu: true }),
    },
    {
      why: 'rejects planes that are not a multiple of four pixels',
      inputs: { x: [1, 8, 7, 7], weight: packed(8, 8) },
      options: square(1, 8),
      error: `${name}: planes of x must be a multiple of 4 pixels, got 7 * 7 (x [1, 8, 7, 7])`,
    },
    {
      why: 'rejects stride 2',
      inputs: { x: [1, 8, 4, 4], weight: packed(8, 8) },
      options: square(1, 8, { stride: 2 }),
      error: `${name}: expected a 1x1 window at stride 1 without padding, got 1x1 at stride 2, padding 0`,
    },
  ];
}
