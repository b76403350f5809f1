import { type Conv2dGemmOptions, conv2dGemm, conv2dReduce } from '../../kernels/conv2d_gemm.ts';
import { GEMM_TILES } from '../../kernels/gemm_tile.ts';
import { type Case, caseTable, type InputSpec } from '../case_table.ts';
import { conv2dReduce as reduceReference, conv2dGemm as reference } from '../reference/conv2d_gemm.ts';
import { resnet152Convolutions } from './resnet152_convolutions.ts';

const packed = (outChannels: number, depth: number) => [Math.ceil(outChannels / 8), depth, 8];
const square = (outChannels: number, kernel: number, more: Partial<Conv2dGemmOptions> = {}): Conv2dGemmOptions => ({
  outChannels,
  kernel: [kernel, kernel],
  stride: 1,
  padding: (kernel - 1) / 2,
  ...more,
});
/** One for each tile: a CPU without GPU takes a second for each. */
const MODULES = ['layer3.0.downsample.0', 'layer3.1.conv1', 'layer4.1.conv1', 'layer4.1.conv2'];
const some = resnet152Convolutions.filter(({ module }) => MODULES.includes(module));

/** Halves of either sign from 2^-6 to 2^2. */
export const halves = (outChannels: number, depth: number): InputSpec => {
  const half = (i: number) => (((i * 40503) & 0x83ff) + (9 + (i % 8)) * 1024) & 0xffff;
  const size = Math.ceil(outChannels / 8) * depth * 4;
  const words = Uint32Array.from({ length: size }, (_, i) => half(2 * i) + 65536 * half(2 * i + 1));
  return { shape: [Math.ceil(outChannels / 8), depth, 4], words };
};

export const gemm = caseTable<Conv2dGemmOptions>({
  kernel: conv2dGemm,
  reference,
  cases: [
    ...some.map(({ module, channels, outChannels, kernel, stride, size }, i) => ({
      why: `resnet152 ${module}`,
      inputs: {
        x: [1, channels, size, size],
        weight: packed(outChannels, channels * kernel * kernel),
        scale: [outChannels],
        shift: [outChannels],
      },
      options: square(outChannels, kernel, { stride, relu: true, tile: GEMM_TILES[i % GEMM_TILES.length] }),
    })),
    ...GEMM_TILES.flatMap((tile): Case<Conv2dGemmOptions>[] => {
      const name = `tiles of ${tile.channels}x${tile.columns}`;
      return [
        {
          why: `${name}: one of everything`,
          inputs: { x: [1, 1, 1, 1], weight: packed(1, 1) },
          options: square(1, 1, { tile }),
        },
        {
          why: `${name}: batch of three, prime sizes, scale, shift, residual and relu`,
          inputs: {
            x: [3, 5, 7, 11],
            weight: packed(37, 45),
            scale: [37],
            shift: [37],
            residual: [3, 37, 7, 11],
          },
          options: square(37, 3, { relu: true, tile }),
        },
        {
          why: `${name}: over one tile both ways, stride 2`,
          inputs: { x: [2, 9, 17, 13], weight: packed(133, 9) },
          options: square(133, 1, { stride: 2, tile }),
        },
        {
          why: `${name}: weights of 16 bits, prime sizes, every epilogue`,
          inputs: {
            x: [3, 5, 7, 11],
            weight: halves(37, 45),
            scale: [37],
            shift: [37],
            residual: [3, 37, 7, 11],
          },
          options: square(37, 3, { relu: true, tile, halfWeights: true }),
        },
      ];
    }),
    {
      why: 'a 5x3 window, stride 3, wide padding',
      inputs: { x: [1, 2, 9, 8], weight: packed(3, 30) },
      options: { outChannels: 3, kernel: [5, 3], stride: 3, padding: 2 },
    },
    {
      why: 'three slices, the last shorter',
      inputs: { x: [2, 7, 5, 6], weight: packed(19, 63) },
      options: square(19, 3, { slices: 3 }),
    },
    {
      why: 'more slices than steps: those without products are zero',
      inputs: { x: [1, 9, 3, 3], weight: packed(8, 9) },
      options: square(8, 1, { slices: 4 }),
    },
    {
      why: 'two slices of weights of 16 bits',
      inputs: { x: [1, 9, 5, 6], weight: halves(70, 81) },
      options: square(70, 3, { slices: 2, halfWeights: true }),
    },
    {
      why: 'weights of 32 bits where 16 are said',
      inputs: { x: [1, 8, 2, 2], weight: packed(8, 8) },
      options: square(8, 1, { halfWeights: true }),
      error:
        'conv2d_gemm: packed weight does not fit 8 channels and 8 outputs at 1x1, expected [1, 8, 4] (x [1, 8, 2, 2], weight [1, 8, 8])',
    },
    {
      why: 'NaN in x surfaces through relu',
      inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) }, weight: packed(2, 1) },
      options: square(2, 1, { relu: true }),
    },
    {
      why: 'slices with an epilogue',
      inputs: { x: [1, 8, 2, 2], weight: packed(8, 8), scale: [8] },
      options: square(8, 1, { slices: 2 }),
      error: 'conv2d_gemm: 2 slices cannot have an epilogue (scale [8]). Pass it to conv2d_reduce',
    },
    {
      why: 'no slices',
      inputs: { x: [1, 8, 2, 2], weight: packed(8, 8) },
      options: square(8, 1, { slices: 0 }),
      error: 'conv2d_gemm: slices must be an integer in [1, 65535], got 0',
    },
    {
      why: 'no such tile',
      inputs: { x: [1, 8, 2, 2], weight: packed(8, 8) },
      options: square(8, 1, { tile: { channels: 128, columns: 32 } }),
      error: 'conv2d_gemm: unknown tile "128x32". Known: 32x32, 64x32, 64x64, 128x64',
    },
  ],
});

export const reduce = caseTable<{ relu?: boolean }>({
  kernel: conv2dReduce,
  reference: reduceReference,
  cases: [
    { why: 'one of everything', inputs: { partial_sums: [1, 1, 1, 1, 1] }, options: {} },
    {
      why: 'three slices, batch of two, scale, shift, residual and relu',
      inputs: { partial_sums: [3, 2, 5, 3, 7], scale: [5], shift: [5], residual: [2, 5, 3, 7] },
      options: { relu: true },
    },
    {
      why: 'a slice that is NaN surfaces through relu',
      inputs: { partial_sums: { shape: [2, 1, 2, 1, 2], fill: i => (i === 5 ? Number.NaN : -i) } },
      options: { relu: true },
    },
    {
      why: 'shift of another size',
      inputs: { partial_sums: [2, 1, 4, 1, 1], shift: [5] },
      options: {},
      error: 'conv2d_reduce: shift must be [4] (shift [5])',
    },
  ],
});
