import { componentwise, type Group, group, INT_MAX, INT_MIN, type Row, UINT_MAX } from './table.ts';

const U = ['u32'];
const I = ['i32'];
const UU = ['u32', 'u32'];
const II = ['i32', 'i32'];
const unary = (rows: readonly (readonly [number, number])[]): Row[] => rows.map(([x, y]) => [[x], y]);
const binary = (rows: readonly (readonly [number, number, number])[]): Row[] => rows.map(([x, y, z]) => [[x, y], z]);

const bitCounts: Group[] = [
  componentwise(
    'countOneBits($0)',
    U,
    'u32',
    unary([
      [0, 0],
      [1, 1],
      [UINT_MAX, 32],
      [0x80000000, 1],
      [0x55555555, 16],
    ]),
  ),
  componentwise(
    'countOneBits($0)',
    I,
    'i32',
    unary([
      [0, 0],
      [-1, 32],
      [INT_MIN, 1],
      [INT_MAX, 31],
    ]),
  ),
  componentwise(
    'countLeadingZeros($0)',
    U,
    'u32',
    unary([
      [0, 32],
      [1, 31],
      [UINT_MAX, 0],
      [0x80000000, 0],
      [0x00ffffff, 8],
    ]),
  ),
  componentwise(
    'countLeadingZeros($0)',
    I,
    'i32',
    unary([
      [0, 32],
      [-1, 0],
      [INT_MAX, 1],
      [INT_MIN, 0],
    ]),
  ),
  componentwise(
    'countTrailingZeros($0)',
    U,
    'u32',
    unary([
      [0, 32],
      [1, 0],
      [0x80000000, 31],
      [UINT_MAX, 0],
      [48, 4],
    ]),
  ),
  componentwise(
    'countTrailingZeros($0)',
    I,
    'i32',
    unary([
      [0, 32],
      [-1, 0],
      [INT_MIN, 31],
      [-48, 4],
    ]),
  ),
  componentwise(
    'firstLeadingBit($0)',
    U,
    'u32',
    unary([
      [0, UINT_MAX],
      [1, 0],
      [0x80000000, 31],
      [UINT_MAX, 31],
      [0xffff, 15],
    ]),
  ),
  componentwise(
    'firstLeadingBit($0)',
    I,
    'i32',
    unary([
      [0, -1],
      [-1, -1],
      [1, 0],
      [-2, 0],
      [INT_MIN, 30],
      [INT_MAX, 30],
      [-256, 7],
    ]),
  ),
  componentwise(
    'firstTrailingBit($0)',
    U,
    'u32',
    unary([
      [0, UINT_MAX],
      [1, 0],
      [0x80000000, 31],
      [UINT_MAX, 0],
      [80, 4],
    ]),
  ),
  componentwise(
    'firstTrailingBit($0)',
    I,
    'i32',
    unary([
      [0, -1],
      [-1, 0],
      [INT_MIN, 31],
      [-80, 4],
    ]),
  ),
  componentwise(
    'reverseBits($0)',
    U,
    'u32',
    unary([
      [0, 0],
      [1, 0x80000000],
      [UINT_MAX, UINT_MAX],
      [0x12345678, 0x1e6a2c48],
    ]),
  ),
  componentwise(
    'reverseBits($0)',
    I,
    'i32',
    unary([
      [0, 0],
      [1, INT_MIN],
      [-1, -1],
      [INT_MIN, 1],
    ]),
  ),
];

const field = (x: number, offset: number, count: number, expected: number): Row => [[x, offset, count], expected];
const inserted = (x: number, bits: number, offset: number, count: number, expected: number): Row => [
  [x, bits, offset, count],
  expected,
];

/** At run time, offset is clamped to 32 and count to the bits after offset. Constants beyond 32 bits are rejected. */
const bitFields: Group[] = [
  componentwise(
    'extractBits($0, $1, $2)',
    ['u32', 'u32', 'u32'],
    'u32',
    [
      field(0xabcdef12, 0, 32, 0xabcdef12),
      field(0xabcdef12, 4, 8, 0xf1),
      field(0xabcdef12, 31, 1, 1),
      field(0xabcdef12, 5, 0, 0),
      field(0xabcdef12, 32, 0, 0),
      field(UINT_MAX, 0, 31, 0x7fffffff),
    ],
    {
      scalars: [1, 2],
      runTime: [
        field(0xabcdef12, 28, 40, 0xa),
        field(0xabcdef12, 32, 1, 0),
        field(0xabcdef12, UINT_MAX, UINT_MAX, 0),
        field(0xabcdef12, 0, UINT_MAX, 0xabcdef12),
      ],
      refused: [
        [1, 28, 40],
        [1, 33, 0],
        [1, 0, 33],
      ],
    },
  ),
  componentwise(
    'extractBits($0, $1, $2)',
    ['i32', 'u32', 'u32'],
    'i32',
    [
      field(0xf00, 8, 4, -1),
      field(0x700, 8, 4, 7),
      field(-1, 0, 32, -1),
      field(INT_MIN, 31, 1, -1),
      field(-1, 3, 0, 0),
      field(INT_MIN, 0, 32, INT_MIN),
      field(1, 0, 1, -1),
    ],
    { scalars: [1, 2], runTime: [field(INT_MIN, 28, 40, -8), field(-1, 40, 3, 0)], refused: [[1, 30, 3]] },
  ),
  componentwise(
    'insertBits($0, $1, $2, $3)',
    ['u32', 'u32', 'u32', 'u32'],
    'u32',
    [
      inserted(UINT_MAX, 0x12, 8, 8, 0xffff12ff),
      inserted(1, 0x12345678, 0, 32, 0x12345678),
      inserted(7, 9, 5, 0, 7),
      inserted(0, UINT_MAX, 31, 1, 0x80000000),
      inserted(0, UINT_MAX, 4, 4, 0xf0),
      inserted(9, 9, 32, 0, 9),
    ],
    {
      scalars: [2, 3],
      runTime: [
        inserted(0, UINT_MAX, 28, 40, 0xf0000000),
        inserted(5, UINT_MAX, 32, 1, 5),
        inserted(5, 3, UINT_MAX, UINT_MAX, 5),
      ],
      refused: [
        [0, 1, 28, 5],
        [0, 1, 33, 0],
      ],
    },
  ),
  componentwise(
    'insertBits($0, $1, $2, $3)',
    ['i32', 'i32', 'u32', 'u32'],
    'i32',
    [inserted(-1, 0, 0, 31, INT_MIN), inserted(0, -1, 31, 1, INT_MIN), inserted(0, -1, 0, 16, 65535)],
    { scalars: [2, 3] },
  ),
];

const ordered: Group[] = [
  componentwise(
    'abs($0)',
    I,
    'i32',
    unary([
      [0, 0],
      [-7, 7],
      [INT_MAX, INT_MAX],
      [INT_MIN, INT_MIN],
    ]),
  ),
  componentwise(
    'abs($0)',
    U,
    'u32',
    unary([
      [0, 0],
      [UINT_MAX, UINT_MAX],
    ]),
  ),
  componentwise(
    'sign($0)',
    I,
    'i32',
    unary([
      [0, 0],
      [-7, -1],
      [9, 1],
      [INT_MIN, -1],
      [INT_MAX, 1],
    ]),
  ),
  componentwise(
    'min($0, $1)',
    II,
    'i32',
    binary([
      [1, -1, -1],
      [INT_MIN, INT_MAX, INT_MIN],
      [5, 5, 5],
    ]),
  ),
  componentwise(
    'min($0, $1)',
    UU,
    'u32',
    binary([
      [1, UINT_MAX, 1],
      [0x80000000, 0x7fffffff, 0x7fffffff],
    ]),
  ),
  componentwise(
    'max($0, $1)',
    II,
    'i32',
    binary([
      [1, -1, 1],
      [INT_MIN, INT_MAX, INT_MAX],
    ]),
  ),
  componentwise(
    'max($0, $1)',
    UU,
    'u32',
    binary([
      [1, UINT_MAX, UINT_MAX],
      [0x80000000, 0x7fffffff, 0x80000000],
    ]),
  ),
  componentwise(
    'clamp($0, $1, $2)',
    ['i32', 'i32', 'i32'],
    'i32',
    [
      [[5, -1, 3], 3],
      [[-5, -1, 3], -1],
      [[2, -1, 3], 2],
      [[INT_MIN, INT_MIN, INT_MAX], INT_MIN],
    ],
    {
      // clamp is min(max(e, low), high), even if low is above high.
      runTime: [
        [[5, 4, 2], 2],
        [[1, 4, 2], 2],
      ],
      refused: [[5, 4, 2]],
    },
  ),
  componentwise(
    'clamp($0, $1, $2)',
    ['u32', 'u32', 'u32'],
    'u32',
    [
      [[UINT_MAX, 1, 0x80000000], 0x80000000],
      [[0, 1, 3], 1],
    ],
    {
      runTime: [[[7, 5, 3], 3]],
      refused: [[5, 4, 2]],
    },
  ),
];

const packed: Group[] = [
  group(
    'dot4U8Packed($0, $1)',
    UU,
    'u32',
    binary([
      [0x01020304, 0x05060708, 70],
      [UINT_MAX, UINT_MAX, 4 * 255 * 255],
      [0, UINT_MAX, 0],
      [0xff000000, 0xff000000, 65025],
    ]),
  ),
  group(
    'dot4I8Packed($0, $1)',
    UU,
    'i32',
    binary([
      [0x80808080, 0x80808080, 65536],
      [0x80808080, 0x7f7f7f7f, -65024],
      [0xff, 0x02, -2],
      [0x7f7f7f7f, 0x7f7f7f7f, 64516],
    ]),
  ),
  group('dot($0, $1)', ['vec2i', 'vec2i'], 'i32', [
    [
      [
        [1, 2],
        [3, 4],
      ],
      11,
    ],
    [
      [
        [INT_MIN, 1],
        [2, 3],
      ],
      3,
    ],
  ]),
  group('dot($0, $1)', ['vec3u', 'vec3u'], 'u32', [
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      32,
    ],
    [
      [
        [UINT_MAX, 0, 0],
        [2, 0, 0],
      ],
      UINT_MAX - 1,
    ],
  ]),
  group('dot($0, $1)', ['vec4i', 'vec4i'], 'i32', [
    [
      [
        [1, -1, 2, -2],
        [1, 1, 1, 1],
      ],
      0,
    ],
  ]),
];

export const integerTable: readonly Group[] = [...bitCounts, ...bitFields, ...ordered, ...packed];
