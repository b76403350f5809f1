import { packConv2dHalves } from '../../kernels/conv2d.ts';
import { caseTable } from '../case_table.ts';
import { packConv2dHalves as reference } from '../reference/conv2d.ts';

/** Returns the numbers that 32-bit floats of the given bits represent. */
const floats = (...bits: number[]) => [...new Float32Array(Uint32Array.from(bits).buffer)];

export default caseTable({
  kernel: packConv2dHalves,
  reference,
  exact: true,
  cases: [
    { why: 'one weight', inputs: { weight: [1, 1, 1, 1], factors: [1] } },
    {
      why: 'less than a block of channels, an odd number',
      inputs: { weight: [7, 3, 1, 1], factors: { shape: [7], fill: i => 2 ** i } },
    },
    {
      why: 'more than a block of channels, a 3x3 window',
      inputs: { weight: [17, 2, 3, 3], factors: { shape: [17], fill: i => 2 ** (14 - i) } },
    },
    {
      why: 'rounds ties to even, near ties to the nearest, and up to the next power of two; the smallest normal number and below',
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
    },
    {
      why: 'rejects factors of another number of channels',
      inputs: { weight: [8, 2, 1, 1], factors: [7] },
      error: 'pack_conv2d_halves: factors must be [8], got [7] (weight [8, 2, 1, 1], factors [7])',
    },
  ],
  perf: [{ inputs: { weight: [1024, 256, 1, 1], factors: { shape: [1024], fill: i => 2 ** (i % 12) } } }],
});
