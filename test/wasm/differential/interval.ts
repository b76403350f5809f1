/**
 * The interval from `low` to `high` that WGSL allows for an f32 result. Undefined where WGSL leaves the result open:
 * past the range of f32, outside a function's domain, or for NaN or infinite inputs.
 *
 * Source: WGSL, "Accuracy of concrete floating point expressions".
 */
export type Interval = { readonly low: number; readonly high: number } | undefined;

const LARGEST = 3.4028234663852886e38;
const SMALLEST_NORMAL = 2 ** -126;
const bits = new DataView(new ArrayBuffer(4));

function neighbour(x: number, up: boolean): number {
  if (x === 0) return up ? 2 ** -149 : -(2 ** -149);
  bits.setFloat32(0, x);
  bits.setInt32(0, bits.getInt32(0) + (x > 0 === up ? 1 : -1));
  return bits.getFloat32(0);
}

function roundDown(x: number): number {
  const f = Math.fround(x);
  return f > x ? neighbour(f, false) : f;
}

function roundUp(x: number): number {
  const f = Math.fround(x);
  return f < x ? neighbour(f, true) : f;
}

/** Returns the unit in the last place of an f32. */
function ulp(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < SMALLEST_NORMAL) return 2 ** -149;
  return 2 ** (Math.floor(Math.log2(magnitude)) - 23);
}

/**
 * Returns the smallest f32 interval around an interval. Subnormal values may be flushed, so it includes zero for them.
 */
function around(low: number, high: number): Interval {
  if (!(low <= high) || low < -LARGEST || high > LARGEST) return undefined;
  // The f64 arithmetic that computed low and high rounds too.
  const slack = 1e-13 * Math.max(Math.abs(low), Math.abs(high));
  let [from, to] = [roundDown(low), roundUp(high)];
  if (low - slack < from && low !== from) from = neighbour(from, false);
  if (high + slack > to && high !== to) to = neighbour(to, true);
  const mayFlush = (from < SMALLEST_NORMAL && to > 0) || (to > -SMALLEST_NORMAL && from < 0);
  if (mayFlush) [from, to] = [Math.min(from, 0), Math.max(to, 0)];
  return Math.max(-from, to) > LARGEST ? undefined : { low: from, high: to };
}

/** Returns the interval of a value that is computed exactly, or correctly rounded. */
export function exactly(x: number): Interval {
  return around(x, x);
}

function widened(low: number, high: number, error: number): Interval {
  return around(low - error, high + error);
}

const worst = (low: number, high: number) => ulp(Math.max(Math.abs(low), Math.abs(high)));

/** Widens an interval by a number of units in the last place. */
function withinUlps(low: number, high: number, ulps: number): Interval {
  return widened(low, high, ulps * worst(low, high));
}

type Unary = (x: Interval) => Interval;
type Binary = (x: Interval, y: Interval) => Interval;
type Ternary = (x: Interval, y: Interval, z: Interval) => Interval;

export const add: Binary = (x, y) => x && y && around(x.low + y.low, x.high + y.high);
export const sub: Binary = (x, y) => x && y && around(x.low - y.high, x.high - y.low);
export const negate: Unary = x => x && { low: -x.high, high: -x.low };

export const mul: Binary = (x, y) => {
  if (!x || !y) return undefined;
  const products = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
  return around(Math.min(...products), Math.max(...products));
};

export const div: Binary = (x, y) => {
  if (!x || !y || (y.low <= 0 && y.high >= 0)) return undefined;
  const [least, most] = [Math.min(Math.abs(y.low), Math.abs(y.high)), Math.max(Math.abs(y.low), Math.abs(y.high))];
  if (least < SMALLEST_NORMAL || most > 2 ** 126) return undefined;
  const quotients = [x.low / y.low, x.low / y.high, x.high / y.low, x.high / y.high];
  return withinUlps(Math.min(...quotients), Math.max(...quotients), 2.5);
};

export const constant = (value: number): Interval => exactly(Math.fround(value));
export const abs: Unary = x => {
  if (!x) return undefined;
  const [a, b] = [Math.abs(x.low), Math.abs(x.high)];
  return { low: x.low <= 0 && x.high >= 0 ? 0 : Math.min(a, b), high: Math.max(a, b) };
};
export const min: Binary = (x, y) => x && y && { low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) };
export const max: Binary = (x, y) => x && y && { low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) };
export const hull: Binary = (x, y) => x && y && { low: Math.min(x.low, y.low), high: Math.max(x.high, y.high) };

/** Makes the interval function of a monotonically increasing function that maps f32 to f32. */
export const rising =
  (f: (x: number) => number): Unary =>
  x =>
    x && around(f(x.low), f(x.high));

export const trunc = rising(Math.trunc);
export const floor = rising(Math.floor);

function nearest(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
export const round = rising(nearest);

export const fract: Unary = x => {
  if (x && Math.floor(x.low) !== Math.floor(x.high)) return { low: 0, high: 1 };
  const rest = sub(x, floor(x));
  // Just below a whole number the difference rounds to 1, for which SwiftShader returns the next smaller f32.
  return rest?.high === 1 ? { low: Math.min(rest.low, 1 - 2 ** -24), high: 1 } : rest;
};
export const remainder: Binary = (x, y) => sub(x, mul(y, trunc(div(x, y))));
export const fma: Ternary = (x, y, z) => add(mul(x, y), z);
export const clamp: Ternary = (x, low, high) => min(max(x, low), high);
/** Covers both formulas for mix. */
export const mix: Ternary = (x, y, a) => hull(add(mul(x, sub(constant(1), a)), mul(y, a)), add(x, mul(sub(y, x), a)));
export const step: Binary = (edge, x) => {
  if (!edge || !x) return undefined;
  return { low: edge.high <= x.low ? 1 : 0, high: edge.low <= x.high ? 1 : 0 };
};
export const smoothstep: Ternary = (low, high, x) => {
  const t = clamp(div(sub(x, low), sub(high, low)), constant(0), constant(1));
  return mul(mul(t, t), sub(constant(3), mul(constant(2), t)));
};

export const exp: Unary = x => {
  if (!x) return undefined;
  const ulps = 3 + 2 * Math.max(Math.abs(x.low), Math.abs(x.high));
  return withinUlps(Math.exp(x.low), Math.exp(x.high), ulps);
};
export const exp2: Unary = x => {
  if (!x) return undefined;
  const ulps = 3 + 2 * Math.max(Math.abs(x.low), Math.abs(x.high));
  return withinUlps(2 ** x.low, 2 ** x.high, ulps);
};

const logarithm =
  (f: (x: number) => number): Unary =>
  x => {
    if (!x || x.low < SMALLEST_NORMAL) return undefined;
    const [low, high] = [f(x.low), f(x.high)];
    const isNearOne = x.high >= 0.5 && x.low <= 2;
    return widened(low, high, Math.max(isNearOne ? 2 ** -21 : 0, x.low < 0.5 || x.high > 2 ? 3 * worst(low, high) : 0));
  };
export const log = logarithm(Math.log);
export const log2 = logarithm(Math.log2);
export const pow: Binary = (x, y) => exp2(mul(y, log2(x)));

export const inverseSqrt: Unary = x => {
  if (!x || x.low < SMALLEST_NORMAL) return undefined;
  return withinUlps(1 / Math.sqrt(x.high), 1 / Math.sqrt(x.low), 2);
};
export const sqrt: Unary = x => {
  if (!x || x.low < 0) return undefined;
  if (x.low < SMALLEST_NORMAL) {
    const above =
      x.high < SMALLEST_NORMAL ? constant(2 ** -63) : div(constant(1), inverseSqrt({ low: x.high, high: x.high }));
    return above && { low: 0, high: above.high };
  }
  return div(constant(1), inverseSqrt(x));
};

/** The error is at most 2^-11 between -pi and pi. */
const wave =
  (f: (x: number) => number): Unary =>
  x => {
    if (!x || x.low < -Math.PI || x.high > Math.PI) return undefined;
    const middle = f((x.low + x.high) / 2);
    const spread = (x.high - x.low) / 2 + 2 ** -11;
    return around(Math.max(middle - spread, -1 - 2 ** -11), Math.min(middle + spread, 1 + 2 ** -11));
  };
export const sin = wave(Math.sin);
export const cos = wave(Math.cos);
export const tan: Unary = x => div(sin(x), cos(x));
export const atan: Unary = x => x && withinUlps(Math.atan(x.low), Math.atan(x.high), 4096);
export const atan2: Binary = (y, x) => {
  if (!x || !y || (x.low <= 0 && x.high >= 0)) return undefined;
  if (Math.min(Math.abs(x.low), Math.abs(x.high)) < SMALLEST_NORMAL || Math.max(-x.low, x.high) > 2 ** 126)
    return undefined;
  // WGSL leaves subnormal y open, but not zero. Also, the angle jumps across the negative half of the x axis.
  if (y.low <= 0 && y.high >= 0) return undefined;
  if (Math.min(Math.abs(y.low), Math.abs(y.high)) < SMALLEST_NORMAL) return undefined;
  const corners = [y.low, y.high].flatMap(a => [x.low, x.high].map(b => Math.atan2(a, b)));
  return withinUlps(Math.min(...corners), Math.max(...corners), 4096);
};

const ARC_ERROR = 6.77e-5;
export const asin: Unary = x => {
  if (!x || x.low < -1 || x.high > 1) return undefined;
  const angle = atan2(x, sqrt(sub(constant(1), mul(x, x))));
  const near = widened(Math.asin(x.low), Math.asin(x.high), ARC_ERROR);
  return angle ? hull(near, angle) : near;
};
export const acos: Unary = x => {
  if (!x || x.low < -1 || x.high > 1) return undefined;
  const angle = atan2(sqrt(sub(constant(1), mul(x, x))), x);
  const near = widened(Math.acos(x.high), Math.acos(x.low), ARC_ERROR);
  return angle ? hull(near, angle) : near;
};
const half = constant(0.5);
export const sinh: Unary = x => mul(sub(exp(x), exp(negate(x))), half);
export const cosh: Unary = x => mul(add(exp(x), exp(negate(x))), half);
export const tanh: Unary = x => {
  if (!x) return undefined;
  const quotient = div(sinh(x), cosh(x));
  const near = widened(Math.tanh(x.low), Math.tanh(x.high), 1e-5);
  // If the exponentials overflow, the quotient may overflow too.
  return hull(near, quotient);
};
export const asinh: Unary = x => log(add(x, sqrt(add(mul(x, x), constant(1)))));
export const acosh: Unary = x => log(add(x, sqrt(sub(mul(x, x), constant(1)))));
export const atanh: Unary = x => mul(log(div(add(constant(1), x), sub(constant(1), x))), half);
export const degrees: Unary = x => mul(x, around(180 / Math.PI, 180 / Math.PI));
export const radians: Unary = x => mul(x, around(Math.PI / 180, Math.PI / 180));
