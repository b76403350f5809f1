import { componentwise, type Group, group, INF, LARGEST, NAN, near, type Row, SMALLEST_NORMAL, TINY } from './table.ts';

const F = ['f32'];
const FF = ['f32', 'f32'];
const FFF = ['f32', 'f32', 'f32'];
const unary = (rows: readonly (readonly [number, number])[]): Row[] => rows.map(([x, y]) => [[x], y]);
const binary = (rows: readonly (readonly [number, number, number])[]): Row[] => rows.map(([x, y, z]) => [[x, y], z]);
const within = (ulps: number, absolute: number, rows: readonly (readonly [number, number])[]): Row[] =>
  rows.map(([x, y]) => [[x], near(y, ulps, absolute)]);
const keepsSpecials = unary([
  [NAN, NAN],
  [INF, INF],
  [-INF, -INF],
]);

const rounding: Group[] = [
  componentwise(
    'floor($0)',
    F,
    'f32',
    unary([
      [1.5, 1],
      [-1.5, -2],
      [-0.5, -1],
      [0.99999994, 0],
      [8388609, 8388609],
      [-LARGEST, -LARGEST],
      [0, 0],
    ]),
    { open: [...keepsSpecials, [[-0], -0], [[-TINY], -1]] },
  ),
  componentwise(
    'ceil($0)',
    F,
    'f32',
    unary([
      [1.25, 2],
      [-1.5, -1],
      [0.5, 1],
      [8388607.5, 8388608],
      [LARGEST, LARGEST],
    ]),
    { open: [...keepsSpecials, [[-0.5], -0], [[TINY], 1]] },
  ),
  componentwise(
    'trunc($0)',
    F,
    'f32',
    unary([
      [1.75, 1],
      [-1.75, -1],
      [8388607.5, 8388607],
      [2 ** 40, 2 ** 40],
    ]),
    { open: [...keepsSpecials, [[-0.5], -0]] },
  ),
  componentwise(
    'round($0)',
    F,
    'f32',
    unary([
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-1.5, -2],
      [-2.5, -2],
      [0.49999997, 0],
      [8388607.5, 8388608],
      [8388609, 8388609],
      [1.4999999, 1],
    ]),
    { open: [...keepsSpecials, [[-0.25], -0]] },
  ),
  componentwise(
    'fract($0)',
    F,
    'f32',
    unary([
      [1.25, 0.25],
      [-1.25, 0.75],
      [3, 0],
      [8388607.5, 0.5],
    ]),
    {
      open: unary([
        [-(2 ** -30), 1],
        [INF, NAN],
        [NAN, NAN],
      ]),
    },
  ),
];

const ordered: Group[] = [
  componentwise(
    'abs($0)',
    F,
    'f32',
    unary([
      [-1.5, 1.5],
      [0, 0],
      [-LARGEST, LARGEST],
    ]),
    {
      open: unary([
        [-0, 0],
        [-INF, INF],
        [NAN, NAN],
        [-TINY, TINY],
      ]),
    },
  ),
  componentwise(
    'sign($0)',
    F,
    'f32',
    unary([
      [-2.5, -1],
      [7, 1],
      [0, 0],
      [SMALLEST_NORMAL, 1],
    ]),
    {
      open: unary([
        [INF, 1],
        [-INF, -1],
        [TINY, 1],
      ]),
    },
  ),
  // min is e2 if e2 < e1, else e1, so a NaN in e1 is returned.
  componentwise(
    'min($0, $1)',
    FF,
    'f32',
    binary([
      [1, 2, 1],
      [-1, 1, -1],
      [LARGEST, -LARGEST, -LARGEST],
    ]),
    {
      open: binary([
        [1, NAN, 1],
        [NAN, 1, NAN],
        [INF, 5, 5],
        [-INF, 5, -INF],
        [0, -0, 0],
      ]),
    },
  ),
  componentwise(
    'max($0, $1)',
    FF,
    'f32',
    binary([
      [1, 2, 2],
      [-1, 1, 1],
      [LARGEST, -LARGEST, LARGEST],
    ]),
    {
      open: binary([
        [1, NAN, 1],
        [NAN, 1, NAN],
        [INF, 5, INF],
        [-INF, 5, 5],
        [-0, 0, -0],
      ]),
    },
  ),
  componentwise(
    'clamp($0, $1, $2)',
    FFF,
    'f32',
    [
      [[5, -1, 3], 3],
      [[-5, -1, 3], -1],
      [[2, 2, 2], 2],
    ],
    {
      open: [
        [[INF, 0, 1], 1],
        [[-INF, 0, 1], 0],
      ],
      refused: [[5, 4, 2]],
    },
  ),
  componentwise(
    'saturate($0)',
    F,
    'f32',
    unary([
      [-1, 0],
      [0.5, 0.5],
      [2, 1],
      [1, 1],
    ]),
    {
      open: unary([
        [INF, 1],
        [-INF, 0],
      ]),
    },
  ),
  componentwise(
    'step($0, $1)',
    FF,
    'f32',
    binary([
      [1, 1, 1],
      [2, 1, 0],
      [-1, 1, 1],
      [0, -0, 1],
    ]),
    {
      open: binary([
        [NAN, 1, 0],
        [1, NAN, 0],
        [INF, INF, 1],
      ]),
    },
  ),
  componentwise(
    'smoothstep($0, $1, $2)',
    FFF,
    'f32',
    [
      [[0, 1, 0.5], near(0.5, 4)],
      [[0, 1, -1], 0],
      [[0, 1, 2], 1],
      [[2, 4, 2.5], near(0.15625, 8)],
    ],
    {
      runTime: [[[1, 0, 0.25], near(0.84375, 8)]],
      refused: [[1, 1, 0.5]],
    },
  ),
];

const arithmetic: Group[] = [
  componentwise(
    'fma($0, $1, $2)',
    FFF,
    'f32',
    [
      [[3, 4, 5], 17],
      [[0.5, -8, 4], 0],
      [[-1, 7, 7], 0],
    ],
    { open: [[[LARGEST, 2, 0], INF]] },
  ),
  componentwise('mix($0, $1, $2)', FFF, 'f32', [
    [[1, 3, 0.5], 2],
    [[1, 3, 0], 1],
    [[1, 3, 1], 3],
    [[1, 3, 2], 5],
    [[8, 4, 0.25], 7],
  ]),
  group('mix($0, $1, $2)', ['vec2f', 'vec2f', 'f32'], 'vec2f', [
    [
      [[1, 8], [3, 4], 0.25],
      [1.5, 7],
    ],
  ]),
  group('mix($0, $1, $2)', ['vec4f', 'vec4f', 'vec4f'], 'vec4f', [
    [
      [
        [0, 0, 0, 0],
        [1, 2, 4, 8],
        [0, 0.5, 0.25, 1],
      ],
      [0, 1, 1, 8],
    ],
  ]),
  componentwise(
    'degrees($0)',
    F,
    'f32',
    within(1, 0, [
      [Math.fround(Math.PI), (Math.fround(Math.PI) * 180) / Math.PI],
      [0, 0],
      [-1, -180 / Math.PI],
    ]),
  ),
  componentwise(
    'radians($0)',
    F,
    'f32',
    within(1, 0, [
      [180, Math.PI],
      [0, 0],
      [-1, -Math.PI / 180],
    ]),
  ),
  componentwise(
    'quantizeToF16($0)',
    F,
    'f32',
    unary([
      [1.0001, 1],
      [65504, 65504],
      [-65504, -65504],
      [1 / 3, 0.333251953125],
      [2 ** -14, 2 ** -14],
    ]),
    {
      open: unary([
        [65519, 65504],
        [2049, 2048],
        [2051, 2052],
        [65520, INF],
        [-1e6, -INF],
        [2 ** -24, 2 ** -24],
        [2 ** -25, 0],
        [3 * 2 ** -25, 2 ** -23],
        [INF, INF],
        [NAN, NAN],
      ]),
      refused: [[65505], [65536], [-1e10]],
    },
  ),
  componentwise(
    'ldexp($0, $1)',
    ['f32', 'i32'],
    'f32',
    binary([
      [1, 3, 8],
      [1.5, -1, 0.75],
      [0, 100, 0],
      [1, -126, SMALLEST_NORMAL],
      [1, 127, 2 ** 127],
      [-3, 2, -12],
      [SMALLEST_NORMAL, 127, 2],
    ]),
    {
      open: binary([
        [1, 128, INF],
        [1, -149, TINY],
        [TINY, 149, 1],
        [1, -1000, 0],
        [TINY, 276, 2 ** 127],
        [1, 1000, INF],
        [INF, -5, INF],
      ]),
      refused: [[1, 129]],
    },
  ),
  componentwise(
    'modf($0).fract',
    F,
    'f32',
    unary([
      [1.25, 0.25],
      [-1.25, -0.25],
      [5, 0],
      [-0.5, -0.5],
      [8388607.5, 0.5],
    ]),
  ),
  componentwise(
    'modf($0).whole',
    F,
    'f32',
    unary([
      [1.25, 1],
      [-1.25, -1],
      [0.75, 0],
      [1e10, 1e10],
    ]),
  ),
  componentwise(
    'frexp($0).fract',
    F,
    'f32',
    unary([
      [1, 0.5],
      [3, 0.75],
      [0, 0],
      [-0.25, -0.5],
      [LARGEST, 0.99999994],
      [SMALLEST_NORMAL, 0.5],
    ]),
    {
      open: unary([
        [TINY, 0.5],
        [-0, -0],
      ]),
    },
  ),
  componentwise(
    'frexp($0).exp',
    F,
    'i32',
    unary([
      [1, 1],
      [3, 2],
      [0, 0],
      [-0.25, -1],
      [LARGEST, 128],
      [SMALLEST_NORMAL, -125],
    ]),
    {
      open: unary([
        [TINY, -148],
        [3 * TINY, -147],
      ]),
    },
  ),
];

/** The tolerances are those of WGSL's accuracy requirements. */
const roots: Group[] = [
  componentwise(
    'sqrt($0)',
    F,
    'f32',
    within(5, 0, [
      [4, 2],
      [2, Math.SQRT2],
      [1, 1],
      [0.25, 0.5],
      [LARGEST, Math.sqrt(LARGEST)],
      [0, 0],
    ]),
    {
      open: unary([
        [-1, NAN],
        [INF, INF],
        [-0, -0],
      ]),
      refused: [[-1]],
    },
  ),
  componentwise(
    'inverseSqrt($0)',
    F,
    'f32',
    within(2, 0, [
      [4, 0.5],
      [2, Math.SQRT1_2],
      [1, 1],
      [SMALLEST_NORMAL, 2 ** 63],
    ]),
    {
      open: unary([
        [0, INF],
        [INF, 0],
      ]),
      refused: [[0], [-1]],
    },
  ),
];

const exponentials: Group[] = [
  componentwise(
    'exp($0)',
    F,
    'f32',
    [
      ...within(3, 0, [[0, 1]]),
      ...within(5, 0, [
        [1, Math.E],
        [-1, 1 / Math.E],
      ]),
      ...within(180, 0, [
        [88, Math.exp(88)],
        [-87, Math.exp(-87)],
      ]),
    ],
    {
      open: unary([
        [89, INF],
        [-200, 0],
        [INF, INF],
        [-INF, 0],
        [NAN, NAN],
      ]),
      refused: [[1000]],
    },
  ),
  componentwise(
    'exp2($0)',
    F,
    'f32',
    [
      ...within(3, 0, [[0, 1]]),
      ...within(9, 0, [
        [3, 8],
        [-1, 0.5],
        [0.5, Math.SQRT2],
      ]),
      ...within(257, 0, [
        [127, 2 ** 127],
        [-126, SMALLEST_NORMAL],
      ]),
    ],
    {
      open: unary([
        [128, INF],
        [-160, 0],
        [INF, INF],
        [-INF, 0],
      ]),
      refused: [[1000]],
    },
  ),
  componentwise(
    'log($0)',
    F,
    'f32',
    [
      ...within(0, 2 ** -21, [
        [1, 0],
        [0.5, -Math.LN2],
        [2, Math.LN2],
      ]),
      ...within(3, 0, [
        [10, Math.LN10],
        [LARGEST, Math.log(LARGEST)],
        [SMALLEST_NORMAL, Math.log(SMALLEST_NORMAL)],
      ]),
    ],
    {
      open: unary([
        [0, -INF],
        [-1, NAN],
        [INF, INF],
      ]),
      refused: [[0], [-1]],
    },
  ),
  componentwise(
    'log2($0)',
    F,
    'f32',
    [
      ...within(0, 2 ** -21, [
        [1, 0],
        [0.5, -1],
        [2, 1],
      ]),
      ...within(3, 0, [
        [8, 3],
        [LARGEST, Math.log2(LARGEST)],
        [10, Math.log2(10)],
      ]),
    ],
    {
      open: unary([
        [0, -INF],
        [-1, NAN],
        [INF, INF],
      ]),
      refused: [[0], [-1]],
    },
  ),
  // WGSL requires the accuracy of exp2(y * log2(x)).
  componentwise(
    'pow($0, $1)',
    FF,
    'f32',
    [
      [[2, 10], near(1024, 100)],
      [[9, 0.5], near(3, 30)],
      [[5, 0], near(1, 4)],
      [[1, 100], near(1, 200)],
      [[10, -3], near(1e-3, 60)],
    ],
    {
      open: [
        [[0, 2], 0],
        [[-2, 2], NAN],
      ],
      refused: [[-2, 2]],
    },
  ),
];

const PI = Math.fround(Math.PI);
const trigonometry: Group[] = [
  componentwise(
    'sin($0)',
    F,
    'f32',
    within(0, 2 ** -11, [
      [0, 0],
      [1, Math.sin(1)],
      [-PI / 2, -1],
      [PI, 0],
      [0.5, Math.sin(0.5)],
    ]),
    { open: unary([[NAN, NAN]]) },
  ),
  componentwise(
    'cos($0)',
    F,
    'f32',
    within(0, 2 ** -11, [
      [0, 1],
      [1, Math.cos(1)],
      [PI, -1],
      [-0.5, Math.cos(0.5)],
    ]),
  ),
  componentwise(
    'tan($0)',
    F,
    'f32',
    within(0, 2 ** -9, [
      [0, 0],
      [1, Math.tan(1)],
      [-0.5, Math.tan(-0.5)],
    ]),
  ),
  componentwise(
    'asin($0)',
    F,
    'f32',
    within(0, 6.77e-5, [
      [0, 0],
      [1, Math.PI / 2],
      [-1, -Math.PI / 2],
      [0.5, Math.asin(0.5)],
    ]),
    { open: unary([[2, NAN]]), refused: [[2]] },
  ),
  componentwise(
    'acos($0)',
    F,
    'f32',
    within(0, 6.77e-5, [
      [0, Math.PI / 2],
      [1, 0],
      [-1, Math.PI],
      [0.5, Math.acos(0.5)],
    ]),
    { open: unary([[-2, NAN]]), refused: [[-2]] },
  ),
  componentwise(
    'atan($0)',
    F,
    'f32',
    within(4096, 0, [
      [0, 0],
      [1, Math.PI / 4],
      [-1, -Math.PI / 4],
      [1e10, Math.PI / 2],
    ]),
    {
      open: [
        [[INF], near(Math.PI / 2, 1)],
        [[-INF], near(-Math.PI / 2, 1)],
      ],
    },
  ),
  componentwise(
    'atan2($0, $1)',
    FF,
    'f32',
    [
      [[1, 1], near(Math.PI / 4, 4096)],
      [[1, -1], near((3 * Math.PI) / 4, 4096)],
      [[-1, -1], near((-3 * Math.PI) / 4, 4096)],
      [[-1, 1], near(-Math.PI / 4, 4096)],
    ],
    {
      open: [
        [[1, 0], near(Math.PI / 2, 1)],
        [[-1, 0], near(-Math.PI / 2, 1)],
        [[0, 1], 0],
        [[0, -1], near(Math.PI, 1)],
      ],
    },
  ),
  componentwise(
    'sinh($0)',
    F,
    'f32',
    within(40, 1e-6, [
      [0, 0],
      [1, Math.sinh(1)],
      [-2, Math.sinh(-2)],
    ]),
  ),
  componentwise(
    'cosh($0)',
    F,
    'f32',
    within(40, 0, [
      [0, 1],
      [1, Math.cosh(1)],
      [-2, Math.cosh(2)],
    ]),
  ),
  componentwise(
    'tanh($0)',
    F,
    'f32',
    within(0, 1e-5, [
      [0, 0],
      [1, Math.tanh(1)],
      [-2, Math.tanh(-2)],
      [10, 1],
    ]),
    {
      open: unary([
        [100, 1],
        [-100, -1],
        [INF, 1],
      ]),
    },
  ),
  componentwise(
    'asinh($0)',
    F,
    'f32',
    within(8, 1e-5, [
      [0, 0],
      [1, Math.asinh(1)],
      [100, Math.asinh(100)],
    ]),
  ),
  componentwise(
    'acosh($0)',
    F,
    'f32',
    within(8, 1e-5, [
      [1, 0],
      [2, Math.acosh(2)],
      [100, Math.acosh(100)],
    ]),
    { open: unary([[0.5, NAN]]), refused: [[0.5]] },
  ),
  componentwise(
    'atanh($0)',
    F,
    'f32',
    within(8, 1e-5, [
      [0, 0],
      [0.5, Math.atanh(0.5)],
      [-0.9, Math.atanh(Math.fround(-0.9))],
    ]),
    {
      open: unary([
        [1, INF],
        [-1, -INF],
      ]),
      refused: [[1], [2]],
    },
  ),
];

export const floatTable: readonly Group[] = [
  ...rounding,
  ...ordered,
  ...arithmetic,
  ...roots,
  ...exponentials,
  ...trigonometry,
];
