import { type Conv2dGemmOptions, conv2dGemm } from '../../kernels/conv2d_gemm.ts';
import { GEMM_TILES } from '../../kernels/gemm_tile.ts';
import { type Case, caseTable } from '../case_table.ts';
import { halves, packed, resnetCase, square } from '../conv2d_cases.ts';
import { conv2dGemm as reference } from '../reference/conv2d_gemm.ts';

export default caseTable<Conv2dGemmOptions>({
  kernel: conv2dGemm,
  reference,
  cases: [
    // One layer per tile: without a GPU each takes a second.
    resnetCase('layer3.0.downsample.0', { tile: GEMM_TILES[0] }),
    resnetCase('layer3.1.conv1', { tile: GEMM_TILES[1] }),
    resnetCase('layer4.1.conv1', { tile: GEMM_TILES[2] }),
    resnetCase('layer4.1.conv2', { tile: GEMM_TILES[3] }),
    ...GEMM_TILES.flatMap((tile): Case<Conv2dGemmOptions>[] => {
      const name = `tiles of ${tile.channels}x${tile.columns}`;
      return [
        {
          why: `${name}: every size 1`,
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
          options: square(3, 37, { relu: true, tile }),
        },
        {
          why: `${name}: more than one tile in both directions, stride 2`,
          inputs: { x: [2, 9, 17, 13], weight: packed(133, 9) },
          options: square(1, 133, { stride: 2, tile }),
        },
        {
          why: `${name}: 16-bit weights, prime sizes, scale, shift, residual and relu`,
          inputs: {
            x: [3, 5, 7, 11],
            weight: halves(37, 45),
            scale: [37],
            shift: [37],
            residual: [3, 37, 7, 11],
          },
          options: square(3, 37, { relu: true, tile, halfWeights: true }),
        },
      ];
    }),
    {
      why: 'a 5x3 window, stride 3, wide padding',
      inputs: { x: [1, 2, 9, 8], weight: packed(3, 30) },
      options: { outChannels: 3, kernelSize: [5, 3], stride: 3, padding: 2 },
    },
    {
      why: 'three slices, the last one shorter',
      inputs: { x: [2, 7, 5, 6], weight: packed(19, 63) },
      options: square(3, 19, { slices: 3 }),
    },
    {
      why: 'more slices than steps: slices without products are zero',
      inputs: { x: [1, 9, 3, 3], weight: packed(8, 9) },
      options: square(1, 8, { slices: 4 }),
    },
    {
      why: 'two slices with 16-bit weights',
      inputs: { x: [1, 9, 5, 6], weight: halves(70, 81) },
      options: square(3, 70, { slices: 2, halfWeights: true }),
    },
    {
      why: 'rejects 32-bit weights with halfWeights',
      inputs: { x: [1, 8, 2, 2], weight: packed(8, 8) },
      options: square(1, 8, { halfWeights: true }),
      error:
        'conv2d_gemm: packed weight does not fit 8 channels and 8 outputs at 1x1, expected [1, 8, 4] (x [1, 8, 2, 2], weight [1, 8, 8])',
    },
    {
      why: 'relu keeps a NaN of x',
      inputs: { x: { shape: [1, 1, 3, 3], fill: i => (i === 4 ? Number.NaN : i) }, weight: packed(2, 1) },
      options: square(1, 2, { relu: true }),
    },
    {
      why: 'rejects slices with an epilogue',
      inputs: { x: [1, 8, 2, 2], weight: packed(8, 8), scale: [8] },
      options: square(1, 8, { slices: 2 }),
      error: 'conv2d_gemm: 2 slices cannot have an epilogue (scale [8]). Pass it to conv2d_reduce',
    },
    {
      why: 'rejects 0 slices',
      inputs: { x: [1, 8, 2, 2], weight: packed(8, 8) },
      options: square(1, 8, { slices: 0 }),
      error: 'conv2d_gemm: slices must be an integer in [1, 65535], got 0',
    },
    {
      why: 'rejects an unknown tile',
      inputs: { x: [1, 8, 2, 2], weight: packed(8, 8) },
      options: square(1, 8, { tile: { channels: 128, columns: 32 } }),
      error: 'conv2d_gemm: unknown tile "128x32". Known: 32x32, 64x32, 64x64, 128x64',
    },
  ],
});
