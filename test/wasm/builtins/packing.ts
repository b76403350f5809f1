import { type Group, group, INF, INT_MAX, INT_MIN, NAN, near, TINY, UINT_MAX } from './table.ts';

/** Packing clamps a value, multiplies it by the largest integer, and rounds it by floor(0.5 + x). */
const normalized: Group[] = [
  group(
    'pack4x8unorm($0)',
    ['vec4f'],
    'u32',
    [
      [[[0, 1, 0.5, 2]], 0xff80ff00],
      [[[-1, -0, 0.25, 1 / 255]], 0x01400000],
    ],
    { open: [[[[NAN, INF, -INF, 0]], 0x0000ff00]] },
  ),
  group(
    'pack4x8snorm($0)',
    ['vec4f'],
    'u32',
    [
      [[[0, 1, -1, 0.5]], 0x40817f00],
      [[[2, -2, -0.5, 1 / 127]], 0x01c1817f],
    ],
    {
      // SwiftShader rounds ties away from zero: -0.5 * 127 to -64.
      dawnIsOff: [1],
      open: [[[[INF, -INF, 0, 0]], 0x0000817f]],
    },
  ),
  group('pack2x16unorm($0)', ['vec2f'], 'u32', [
    [[[0, 1]], 0xffff0000],
    [[[0.5, 2]], 0xffff8000],
    [[[-1, 1 / 65535]], 0x00010000],
  ]),
  group(
    'pack2x16snorm($0)',
    ['vec2f'],
    'u32',
    [
      [[[-1, 1]], 0x7fff8001],
      [[[0.5, -0.5]], 0xc0014000],
      [[[-2, 0]], 0x00008001],
    ],
    { dawnIsOff: [1] },
  ),
  group('unpack4x8unorm($0)', ['u32'], 'vec4f', [
    [[0xff80ff00], near([0, 1, 128 / 255, 1], 3)],
    [[0x01020304], near([4 / 255, 3 / 255, 2 / 255, 1 / 255], 3)],
  ]),
  // Both -128 and -127 unpack to -1.
  group('unpack4x8snorm($0)', ['u32'], 'vec4f', [
    [[0x7f818000], near([0, -1, -1, 1], 3)],
    [[0x01fe40ff], near([-1 / 127, 64 / 127, -2 / 127, 1 / 127], 3)],
  ]),
  group('unpack2x16unorm($0)', ['u32'], 'vec2f', [
    [[0xffff0000], near([0, 1], 3)],
    [[0x00018000], near([32768 / 65535, 1 / 65535], 3)],
  ]),
  group('unpack2x16snorm($0)', ['u32'], 'vec2f', [
    [[0x7fff8000], near([-1, 1], 3)],
    [[0xffff8001], near([-1, -1 / 32767], 3)],
  ]),
];

const halves: Group[] = [
  group(
    'pack2x16float($0)',
    ['vec2f'],
    'u32',
    [
      [[[1, -2]], 0xc0003c00],
      [[[0, 65504]], 0x7bff0000],
      [[[1 / 3, -65504]], 0xfbff3555],
      [[[2 ** -14, 2 ** -15]], 0x02000400],
    ],
    {
      open: [
        [[[INF, -INF]], 0xfc007c00],
        [[[2 ** -24, 2 ** -25]], 0x00000001],
        [[[65536, 65520]], 0x7c007c00],
        [[[TINY, -0]], 0x80000000],
      ],
      refused: [[[65536, 0]]],
    },
  ),
  group(
    'unpack2x16float($0)',
    ['u32'],
    'vec2f',
    [
      [[0xc0003c00], [1, -2]],
      [[0x7bff0400], [2 ** -14, 65504]],
      [[0x35553555], [0.333251953125, 0.333251953125]],
    ],
    {
      open: [
        [[0xfc007c00], [INF, -INF]],
        [[0x00010200], [2 ** -15, 2 ** -24]],
        [[0x7e008000], [-0, NAN]],
      ],
      refused: [[0x7c00], [0x7e000000]],
    },
  ),
];

const bytes: Group[] = [
  group('pack4xI8($0)', ['vec4i'], 'u32', [
    [[[-1, 2, 3, 4]], 0x040302ff],
    [[[128, -129, 256, INT_MIN]], 0x00007f80],
  ]),
  group('pack4xU8($0)', ['vec4u'], 'u32', [
    [[[255, 256, 257, 1]], 0x010100ff],
    [[[UINT_MAX, 0, 0, 0]], 0xff],
  ]),
  group('pack4xI8Clamp($0)', ['vec4i'], 'u32', [
    [[[-1, 128, -129, 5]], 0x05807fff],
    [[[INT_MIN, INT_MAX, 0, -128]], 0x80007f80],
  ]),
  group('pack4xU8Clamp($0)', ['vec4u'], 'u32', [
    [[[255, 256, UINT_MAX, 0]], 0x00ffffff],
    [[[1, 2, 3, 4]], 0x04030201],
  ]),
  group('unpack4xI8($0)', ['u32'], 'vec4i', [[[0x807fff01], [1, -1, 127, -128]]]),
  group('unpack4xU8($0)', ['u32'], 'vec4u', [[[0x807fff01], [1, 255, 127, 128]]]),
];

export const packingTable: readonly Group[] = [...normalized, ...halves, ...bytes];
