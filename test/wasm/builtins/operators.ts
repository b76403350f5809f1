import {
  componentwise,
  type Group,
  group,
  INF,
  INT_MAX,
  INT_MIN,
  LARGEST,
  NAN,
  near,
  type Row,
  SMALLEST_NORMAL,
  TINY,
  UINT_MAX,
} from './table.ts';

const U = ['u32'];
const I = ['i32'];
const F = ['f32'];
const B = ['bool'];
const UU = ['u32', 'u32'];
const II = ['i32', 'i32'];
const IU = ['i32', 'u32'];
const FF = ['f32', 'f32'];
const BB = ['bool', 'bool'];
const unary = (rows: readonly (readonly [number, number])[]): Row[] => rows.map(([x, y]) => [[x], y]);
const binary = (rows: readonly (readonly [number, number, number])[]): Row[] => rows.map(([x, y, z]) => [[x, y], z]);

/** Integers wrap. x / 0, and the lowest i32 / -1, is x at run time; as constants, both are rejected. */
const integers: Group[] = [
  componentwise(
    '$0 + $1',
    II,
    'i32',
    binary([
      [INT_MAX, 1, INT_MIN],
      [INT_MIN, -1, INT_MAX],
      [-5, 3, -2],
    ]),
  ),
  componentwise(
    '$0 + $1',
    UU,
    'u32',
    binary([
      [UINT_MAX, 1, 0],
      [0x80000000, 0x80000000, 0],
    ]),
  ),
  componentwise(
    '$0 - $1',
    II,
    'i32',
    binary([
      [INT_MIN, 1, INT_MAX],
      [0, INT_MIN, INT_MIN],
      [3, 5, -2],
    ]),
  ),
  componentwise(
    '$0 - $1',
    UU,
    'u32',
    binary([
      [0, 1, UINT_MAX],
      [5, 3, 2],
    ]),
  ),
  componentwise(
    '$0 * $1',
    II,
    'i32',
    binary([
      [65536, 65536, 0],
      [INT_MIN, -1, INT_MIN],
      [-3, 7, -21],
      [46341, 46341, -2147479015],
    ]),
  ),
  componentwise(
    '$0 * $1',
    UU,
    'u32',
    binary([
      [65536, 65537, 65536],
      [UINT_MAX, UINT_MAX, 1],
    ]),
  ),
  componentwise(
    '$0 / $1',
    II,
    'i32',
    binary([
      [7, 2, 3],
      [-7, 2, -3],
      [7, -2, -3],
      [-7, -2, 3],
      [INT_MIN, 2, -1073741824],
      [INT_MIN, 1, INT_MIN],
    ]),
    {
      runTime: binary([
        [7, 0, 7],
        [INT_MIN, 0, INT_MIN],
        [INT_MIN, -1, INT_MIN],
      ]),
      refused: [
        [7, 0],
        [INT_MIN, -1],
      ],
    },
  ),
  componentwise(
    '$0 / $1',
    UU,
    'u32',
    binary([
      [7, 2, 3],
      [UINT_MAX, 2, INT_MAX],
      [0x80000000, UINT_MAX, 0],
    ]),
    {
      runTime: binary([
        [7, 0, 7],
        [0, 0, 0],
      ]),
      refused: [[7, 0]],
    },
  ),
  componentwise(
    '$0 % $1',
    II,
    'i32',
    binary([
      [7, 3, 1],
      [-7, 3, -1],
      [7, -3, 1],
      [-7, -3, -1],
      [INT_MIN, 3, -2],
    ]),
    {
      runTime: binary([
        [7, 0, 0],
        [INT_MIN, -1, 0],
        [-7, 0, 0],
      ]),
      refused: [
        [7, 0],
        [INT_MIN, -1],
      ],
    },
  ),
  componentwise(
    '$0 % $1',
    UU,
    'u32',
    binary([
      [7, 3, 1],
      [UINT_MAX, 10, 5],
    ]),
    { runTime: binary([[7, 0, 0]]), refused: [[7, 0]] },
  ),
  componentwise(
    '-$0',
    I,
    'i32',
    unary([
      [5, -5],
      [INT_MIN, INT_MIN],
      [0, 0],
      [INT_MAX, -INT_MAX],
    ]),
  ),
  componentwise(
    '~$0',
    I,
    'i32',
    unary([
      [0, -1],
      [INT_MAX, INT_MIN],
      [-1, 0],
    ]),
  ),
  componentwise(
    '~$0',
    U,
    'u32',
    unary([
      [0, UINT_MAX],
      [0x55555555, 0xaaaaaaaa],
    ]),
  ),
  componentwise(
    '$0 & $1',
    II,
    'i32',
    binary([
      [-1, 0x55, 0x55],
      [INT_MIN, -1, INT_MIN],
    ]),
  ),
  componentwise(
    '$0 & $1',
    UU,
    'u32',
    binary([
      [UINT_MAX, 0xf0, 0xf0],
      [0xff00, 0x0ff0, 0x0f00],
    ]),
  ),
  componentwise(
    '$0 | $1',
    II,
    'i32',
    binary([
      [INT_MIN, 1, -INT_MAX],
      [0, 0, 0],
    ]),
  ),
  componentwise('$0 | $1', UU, 'u32', binary([[0xff00, 0x0ff0, 0xfff0]])),
  componentwise(
    '$0 ^ $1',
    II,
    'i32',
    binary([
      [-1, -1, 0],
      [INT_MIN, INT_MAX, -1],
    ]),
  ),
  componentwise('$0 ^ $1', UU, 'u32', binary([[0xff00, 0x0ff0, 0xf0f0]])),
];

/** At run time, shifts use the amount's low five bits. Constant amounts above 31 and constant overflow are rejected. */
const shifts: Group[] = [
  componentwise(
    '$0 << $1',
    UU,
    'u32',
    binary([
      [1, 31, 0x80000000],
      [1, 0, 1],
      [UINT_MAX, 0, UINT_MAX],
      [5, 4, 80],
    ]),
    {
      runTime: binary([
        [UINT_MAX, 4, 0xfffffff0],
        [1, 32, 1],
        [1, 33, 2],
        [3, UINT_MAX, 0x80000000],
      ]),
      refused: [
        [1, 32],
        [UINT_MAX, 4],
      ],
    },
  ),
  componentwise(
    '$0 << $1',
    IU,
    'i32',
    binary([
      [1, 30, 1 << 30],
      [-1, 31, INT_MIN],
      [-5, 4, -80],
    ]),
    {
      runTime: binary([
        [1, 31, INT_MIN],
        [1, 32, 1],
        [-1, 35, -8],
        [INT_MAX, 1, -2],
      ]),
      refused: [
        [1, 31],
        [1, 32],
        [INT_MAX, 1],
      ],
    },
  ),
  componentwise(
    '$0 >> $1',
    UU,
    'u32',
    binary([
      [0x80000000, 31, 1],
      [UINT_MAX, 1, INT_MAX],
      [80, 4, 5],
    ]),
    {
      runTime: binary([
        [8, 32, 8],
        [8, 35, 1],
      ]),
      refused: [[1, 32]],
    },
  ),
  componentwise(
    '$0 >> $1',
    IU,
    'i32',
    binary([
      [INT_MIN, 31, -1],
      [-80, 4, -5],
      [-1, 5, -1],
      [INT_MAX, 30, 1],
    ]),
    {
      runTime: binary([
        [-8, 32, -8],
        [-8, 33, -4],
      ]),
      refused: [[1, 32]],
    },
  ),
];

const floats: Group[] = [
  componentwise(
    '$0 + $1',
    FF,
    'f32',
    binary(
      [
        [16777216, 1, 16777216],
        [0.1, 0.2, 0.3],
        [1, -1, 0],
      ].map(([x, y, z]) => [Math.fround(x!), Math.fround(y!), Math.fround(z!)] as const),
    ),
    {
      open: binary([
        [INF, 1, INF],
        [INF, -INF, NAN],
        [LARGEST, LARGEST, INF],
        [TINY, TINY, 2 * TINY],
        [-0, -0, -0],
      ]),
      refused: [[LARGEST, LARGEST]],
    },
  ),
  componentwise(
    '$0 - $1',
    FF,
    'f32',
    binary([
      [1, 3, -2],
      [16777216, -1, 16777216],
    ]),
    {
      open: binary([
        [INF, INF, NAN],
        [0, 0, 0],
        [SMALLEST_NORMAL, SMALLEST_NORMAL - TINY, TINY],
      ]),
      refused: [[LARGEST, -LARGEST]],
    },
  ),
  componentwise(
    '$0 * $1',
    FF,
    'f32',
    binary([
      [3, -4, -12],
      [SMALLEST_NORMAL, 2, 2 ** -125],
      [0, 5, 0],
      [2 ** 64, 2 ** 63, 2 ** 127],
    ]),
    {
      open: binary([
        [0, INF, NAN],
        [LARGEST, 2, INF],
        [-0, 5, -0],
        [2 ** -100, 2 ** -49, TINY],
        [2 ** -100, 2 ** -100, 0],
      ]),
      refused: [[LARGEST, 2]],
    },
  ),
  componentwise(
    '$0 / $1',
    FF,
    'f32',
    [
      [[7, 2], near(3.5, 2.5)],
      [[1, 3], near(1 / 3, 2.5)],
      [[-9, 3], near(-3, 2.5)],
      [[0, 5], 0],
    ],
    {
      open: binary([
        [1, 0, INF],
        [-1, 0, -INF],
        [0, 0, NAN],
        [1, -0, -INF],
        [1, INF, 0],
        [INF, INF, NAN],
        [LARGEST, 0.5, INF],
      ]),
      refused: [
        [1, 0],
        [0, 0],
      ],
    },
  ),
  componentwise(
    '$0 % $1',
    FF,
    'f32',
    binary([
      [7.5, 2, 1.5],
      [-7.5, 2, -1.5],
      [7.5, -2, 1.5],
      [1, 4, 1],
      [0, 3, 0],
    ]),
    {
      open: binary([
        [1, 0, NAN],
        [INF, 2, NAN],
      ]),
      refused: [[1, 0]],
    },
  ),
  componentwise(
    '-$0',
    F,
    'f32',
    unary([
      [5, -5],
      [-LARGEST, LARGEST],
    ]),
    {
      open: unary([
        [0, -0],
        [INF, -INF],
        [NAN, NAN],
      ]),
    },
  ),
];

const comparisons = ['==', '!=', '<', '<=', '>', '>='] as const;
const compared = (
  type: string,
  pairs: readonly (readonly [number, number])[],
  open: readonly (readonly [number, number])[] = [],
) =>
  comparisons.map(operator => {
    const holds: Readonly<Record<string, (x: number, y: number) => boolean>> = {
      '==': (x, y) => x === y,
      '!=': (x, y) => x !== y,
      '<': (x, y) => x < y,
      '<=': (x, y) => x <= y,
      '>': (x, y) => x > y,
      '>=': (x, y) => x >= y,
    };
    const rows = (list: readonly (readonly [number, number])[]): Row[] =>
      list.map(([x, y]) => [[x, y], Number(holds[operator]!(x, y))]);
    return componentwise(`$0 ${operator} $1`, [type, type], 'bool', rows(pairs), { open: rows(open) });
  });

const relations: Group[] = [
  ...compared('i32', [
    [1, 2],
    [2, 1],
    [3, 3],
    [-1, 1],
    [INT_MIN, INT_MAX],
    [INT_MAX, INT_MIN],
  ]),
  ...compared('u32', [
    [1, 2],
    [3, 3],
    [UINT_MAX, 0],
    [0x80000000, 0x7fffffff],
  ]),
  ...compared(
    'f32',
    [
      [1, 2],
      [2, 1],
      [3, 3],
      [0, -0],
      [-LARGEST, LARGEST],
    ],
    [
      [NAN, NAN],
      [NAN, 1],
      [1, NAN],
      [INF, INF],
      [-INF, INF],
      [INF, LARGEST],
    ],
  ),
];

const logic: Group[] = [
  componentwise(
    '!$0',
    B,
    'bool',
    unary([
      [0, 1],
      [1, 0],
    ]),
  ),
  componentwise(
    '$0 & $1',
    BB,
    'bool',
    binary([
      [0, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
      [1, 1, 1],
    ]),
  ),
  componentwise(
    '$0 | $1',
    BB,
    'bool',
    binary([
      [0, 0, 0],
      [0, 1, 1],
      [1, 0, 1],
      [1, 1, 1],
    ]),
  ),
  group(
    '$0 && $1',
    BB,
    'bool',
    binary([
      [0, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
      [1, 1, 1],
    ]),
  ),
  group(
    '$0 || $1',
    BB,
    'bool',
    binary([
      [0, 0, 0],
      [0, 1, 1],
      [1, 0, 1],
      [1, 1, 1],
    ]),
  ),
  componentwise(
    '$0 == $1',
    BB,
    'bool',
    binary([
      [0, 0, 1],
      [0, 1, 0],
      [1, 1, 1],
    ]),
  ),
  componentwise(
    '$0 != $1',
    BB,
    'bool',
    binary([
      [0, 0, 0],
      [1, 0, 1],
      [1, 1, 0],
    ]),
  ),
  componentwise('select($0, $1, $2)', ['i32', 'i32', 'bool'], 'i32', [
    [[1, 2, 0], 1],
    [[1, 2, 1], 2],
  ]),
  componentwise(
    'select($0, $1, $2)',
    ['f32', 'f32', 'bool'],
    'f32',
    [
      [[1, 2, 0], 1],
      [[1, 2, 1], 2],
    ],
    {
      open: [
        [[NAN, 2, 1], 2],
        [[1, NAN, 0], 1],
      ],
    },
  ),
  group('select($0, $1, $2)', ['vec3u', 'vec3u', 'bool'], 'vec3u', [
    [
      [[1, 2, 3], [4, 5, 6], 0],
      [1, 2, 3],
    ],
    [
      [[1, 2, 3], [4, 5, 6], 1],
      [4, 5, 6],
    ],
  ]),
  ...[2, 3, 4].flatMap(size => {
    const all = (value: number) => Array<number>(size).fill(value);
    const last = [...all(0).slice(1), 1];
    return [
      group('all($0)', [`vec${size}<bool>`], 'bool', [
        [[all(1)], 1],
        [[all(0)], 0],
        [[last], 0],
      ]),
      group('any($0)', [`vec${size}<bool>`], 'bool', [
        [[all(1)], 1],
        [[all(0)], 0],
        [[last], 1],
      ]),
    ];
  }),
  group(
    'all($0)',
    B,
    'bool',
    unary([
      [0, 0],
      [1, 1],
    ]),
  ),
  group(
    'any($0)',
    B,
    'bool',
    unary([
      [0, 0],
      [1, 1],
    ]),
  ),
];

/** Floats are rounded towards zero, then clamped to the values of the integer type that f32 can represent. */
const conversions: Group[] = [
  componentwise(
    'i32($0)',
    F,
    'i32',
    unary([
      [1.9, 1],
      [-1.9, -1],
      [-0.5, 0],
      [INT_MIN, INT_MIN],
      [2147483520, 2147483520],
      [2 ** 31, 2147483520],
      [-3e9, INT_MIN],
      [LARGEST, 2147483520],
    ]),
    {
      open: unary([
        [INF, 2147483520],
        [-INF, INT_MIN],
        [NAN, 0],
      ]),
    },
  ),
  componentwise(
    'u32($0)',
    F,
    'u32',
    unary([
      [1.9, 1],
      [-1.9, 0],
      [-0.5, 0],
      [2 ** 31, 2 ** 31],
      [4294967040, 4294967040],
      [2 ** 32, 4294967040],
      [-3e9, 0],
      [LARGEST, 4294967040],
    ]),
    {
      open: unary([
        [INF, 4294967040],
        [-INF, 0],
        [NAN, 0],
      ]),
    },
  ),
  componentwise('f32($0)', I, 'f32', [
    ...unary([
      [0, 0],
      [-1, -1],
      [16777216, 16777216],
      [INT_MIN, INT_MIN],
    ]),
    [[16777217], near(16777217, 1)],
    [[INT_MAX], near(INT_MAX, 1)],
  ]),
  componentwise('f32($0)', U, 'f32', [
    ...unary([
      [0, 0],
      [2 ** 31, 2 ** 31],
      [16777216, 16777216],
    ]),
    [[UINT_MAX], near(UINT_MAX, 1)],
    [[0x80000001], near(2 ** 31, 1)],
  ]),
  componentwise(
    'i32($0)',
    U,
    'i32',
    unary([
      [UINT_MAX, -1],
      [0x80000000, INT_MIN],
      [5, 5],
    ]),
  ),
  componentwise(
    'u32($0)',
    I,
    'u32',
    unary([
      [-1, UINT_MAX],
      [INT_MIN, 0x80000000],
      [5, 5],
    ]),
  ),
  componentwise(
    'bool($0)',
    I,
    'bool',
    unary([
      [0, 0],
      [-1, 1],
      [INT_MIN, 1],
    ]),
  ),
  componentwise(
    'bool($0)',
    U,
    'bool',
    unary([
      [0, 0],
      [0x80000000, 1],
    ]),
  ),
  componentwise(
    'bool($0)',
    F,
    'bool',
    unary([
      [0, 0],
      [-0, 0],
      [0.5, 1],
    ]),
    {
      open: unary([
        [NAN, 1],
        [INF, 1],
        [TINY, 1],
      ]),
    },
  ),
  componentwise(
    'i32($0)',
    B,
    'i32',
    unary([
      [0, 0],
      [1, 1],
    ]),
  ),
  componentwise(
    'u32($0)',
    B,
    'u32',
    unary([
      [0, 0],
      [1, 1],
    ]),
  ),
  componentwise(
    'f32($0)',
    B,
    'f32',
    unary([
      [0, 0],
      [1, 1],
    ]),
  ),
];

const bitcasts: Group[] = [
  componentwise(
    'bitcast<u32>($0)',
    F,
    'u32',
    unary([
      [1, 0x3f800000],
      [-2, 0xc0000000],
      [0, 0],
      [LARGEST, 0x7f7fffff],
    ]),
    {
      open: unary([
        [-0, 0x80000000],
        [INF, 0x7f800000],
        [TINY, 1],
      ]),
    },
  ),
  componentwise(
    'bitcast<i32>($0)',
    F,
    'i32',
    unary([
      [1, 0x3f800000],
      [-2, -0x40000000],
    ]),
  ),
  componentwise(
    'bitcast<f32>($0)',
    U,
    'f32',
    unary([
      [0x3f800000, 1],
      [0xc0000000, -2],
      [0x7f7fffff, LARGEST],
    ]),
    {
      open: unary([
        [0x7f800000, INF],
        [0x80000000, -0],
        [1, TINY],
        [0x7fc00000, NAN],
      ]),
      refused: [[0x7f800000], [0x7fc00000]],
    },
  ),
  componentwise(
    'bitcast<f32>($0)',
    I,
    'f32',
    unary([
      [0x3f800000, 1],
      [-0x40000000, -2],
    ]),
    { refused: [[-1]] },
  ),
  componentwise(
    'bitcast<i32>($0)',
    U,
    'i32',
    unary([
      [UINT_MAX, -1],
      [0x80000000, INT_MIN],
    ]),
  ),
  componentwise(
    'bitcast<u32>($0)',
    I,
    'u32',
    unary([
      [-1, UINT_MAX],
      [INT_MIN, 0x80000000],
    ]),
  ),
];

/** Bitcasts of vectors have groups of their own, because the target type is part of the call (`bitcast<vec2u>`). */
export const operatorTable: readonly Group[] = [
  ...integers,
  ...shifts,
  ...floats,
  ...relations,
  ...logic,
  ...conversions,
  ...bitcasts.map(one => ({ ...one, scalars: undefined })),
  group('bitcast<vec2u>($0)', ['vec2f'], 'vec2u', [[[[1, -2]], [0x3f800000, 0xc0000000]]]),
  group('bitcast<vec4f>($0)', ['vec4i'], 'vec4f', [[[[0x3f800000, -0x40000000, 0, 0x40400000]], [1, -2, 0, 3]]]),
  group('bitcast<vec3i>($0)', ['vec3u'], 'vec3i', [[[[UINT_MAX, 0, 0x80000000]], [-1, 0, INT_MIN]]]),
];
