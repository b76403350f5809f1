import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import { type Builtin, floats, inLanes } from './arguments.ts';

const LN2 = Math.LN2;

/** Returns shorthands for operations on four floats. */
function floatsOf(b: Builder) {
  return {
    b,
    add: (x: Node, y: Node) => b.op('f32x4.add', x, y),
    sub: (x: Node, y: Node) => b.op('f32x4.sub', x, y),
    mul: (x: Node, y: Node) => b.op('f32x4.mul', x, y),
    div: (x: Node, y: Node) => b.op('f32x4.div', x, y),
    neg: (x: Node) => b.op('f32x4.neg', x),
    abs: (x: Node) => b.op('f32x4.abs', x),
    lt: (x: Node, y: Node) => b.op('f32x4.lt', x, y),
    gt: (x: Node, y: Node) => b.op('f32x4.gt', x, y),
    eq: (x: Node, y: Node) => b.op('f32x4.eq', x, y),
    /** Computes `condition ? whenTrue : whenFalse` per lane. */
    choose: (condition: Node, whenTrue: Node, whenFalse: Node) => b.selectVector(whenFalse, whenTrue, condition),
    polynomial: (x: Node, coefficients: readonly number[]) =>
      coefficients
        .map(coefficient => b.f32x4(coefficient))
        .reduceRight((sum, coefficient) => b.op('f32x4.add', b.op('f32x4.mul', sum, x), coefficient)),
    c: (value: number) => b.f32x4(value),
  };
}

/** Computes x * 2^n for integer n, in two steps so that subnormal results are reached and overflow is infinite. */
function scale(b: Builder, x: Node, n: Node): Node {
  const half = b.op('i32x4.shr_s', n, b.i32(1));
  const power = (k: Node) => b.op('i32x4.shl', b.op('i32x4.add', k, b.i32x4(127)), b.i32(23));
  return b.op('f32x4.mul', b.op('f32x4.mul', x, power(half)), power(b.op('i32x4.sub', n, half)));
}

/** The coefficients of e^r for |r| <= ln(2) / 2, constant term first. */
const EXP = [1, 1, 0.5, 1 / 6, 0.041666649, 0.0083334519, 0.0013908545, 0.00019776194];

/** Computes e^x within 2 units in the last place; NaN stays NaN. */
function exp(b: Builder, x: Node): Node {
  const { mul, sub, c, polynomial } = floatsOf(b);
  // Beyond these limits, the result is 0 or infinite.
  const cut = b.op('f32x4.pmin', b.op('f32x4.pmax', x, c(-110)), c(110));
  const n = b.op('f32x4.nearest', mul(cut, c(1 / LN2)));
  // ln(2) is split in two; the first part has so few bits that its product with n is exact.
  const r = sub(sub(cut, mul(n, c(0.693359375))), mul(n, c(-2.1219444e-4)));
  return scale(b, polynomial(r, EXP), b.op('i32x4.trunc_sat_f32x4_s', n));
}

function exp2(b: Builder, x: Node): Node {
  const { mul, sub, c, polynomial } = floatsOf(b);
  const cut = b.op('f32x4.pmin', b.op('f32x4.pmax', x, c(-160)), c(160));
  const n = b.op('f32x4.nearest', cut);
  const r = mul(sub(cut, n), c(LN2));
  return scale(b, polynomial(r, EXP), b.op('i32x4.trunc_sat_f32x4_s', n));
}

/** Splits x = m * 2^e with sqrt(1/2) <= m < sqrt(2). Returns e, and m - 1 as `m`. */
function split(b: Builder, x: Node): { exponent: Node; m: Node } {
  const { mul, sub, lt, choose, c } = floatsOf(b);
  const isSmall = lt(x, c(1.17549435e-38));
  const normal = choose(isSmall, mul(x, c(2 ** 23)), x);
  const bias = choose(isSmall, b.i32x4(23), b.i32x4(0));
  const shifted = b.op('i32x4.sub', normal, b.i32x4(0x3f3504f3));
  const e = b.op('i32x4.shr_s', shifted, b.i32(23));
  const m = b.op('i32x4.sub', normal, b.op('i32x4.shl', e, b.i32(23)));
  return { exponent: b.op('f32x4.convert_i32x4_s', b.op('i32x4.sub', e, bias)), m: sub(m, c(1)) };
}

/** The coefficients of (log(1 + f) - f + f^2 / 2) / f^3, from Cephes. */
const LOG = [
  3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1, 1.4249322787e-1, -1.2420140846e-1,
  1.167699874e-1, -1.151461031e-1, 7.0376836292e-2,
];

/** Applies a logarithm's special values: -infinity at 0, NaN below 0, infinity at infinity; NaN stays NaN. */
function logEnds(b: Builder, x: Node, result: Node): Node {
  const { lt, eq, choose, c } = floatsOf(b);
  const isNot = b.op('v128.or', lt(x, c(0)), b.op('f32x4.ne', x, x));
  const finite = choose(eq(x, c(Infinity)), c(Infinity), result);
  return choose(isNot, b.i32x4(0x7fc00000), choose(eq(x, c(0)), c(-Infinity), finite));
}

function log(b: Builder, x: Node): Node {
  const { add, sub, mul, c, polynomial } = floatsOf(b);
  const { exponent, m } = split(b, x);
  const square = mul(m, m);
  const tail = add(mul(mul(m, square), polynomial(m, LOG)), mul(exponent, c(-2.1219444e-4)));
  const near = add(m, sub(tail, mul(square, c(0.5))));
  return logEnds(b, x, add(near, mul(exponent, c(0.693359375))));
}

function log2(b: Builder, x: Node): Node {
  const { add, sub, mul, c, polynomial } = floatsOf(b);
  const { exponent, m } = split(b, x);
  const square = mul(m, m);
  const tail = sub(mul(mul(m, square), polynomial(m, LOG)), mul(square, c(0.5)));
  // Computes (m + tail) / ln(2), with 1 / ln(2) split into 1 and the rest.
  const rest = c(1 / LN2 - 1);
  const result = add(add(add(mul(tail, rest), mul(m, rest)), tail), m);
  return logEnds(b, x, add(result, exponent));
}

/** Computes exp2(y * log2(x)), as WGSL defines it, so x below zero yields NaN. Exactly 1 if y is 0 or x is 1. */
function pow(b: Builder, x: Node, y: Node): Node {
  const { mul, eq, choose, c } = floatsOf(b);
  const result = exp2(b, mul(y, log2(b, x)));
  const isOne = b.op('v128.or', eq(y, c(0)), eq(x, c(1)));
  return choose(isOne, c(1), result);
}

/** Subtracts the nearest multiple of pi/2 from x. Returns the remainder, and which multiple it was. */
function reduce(b: Builder, x: Node): { r: Node; quadrant: Node } {
  const { mul, sub, c } = floatsOf(b);
  const n = b.op('f32x4.nearest', mul(x, c(2 / Math.PI)));
  const parts = [1.5703125, 4.837512969970703e-4, 7.54978995489188e-8];
  const r = parts.reduce((rest, part) => sub(rest, mul(n, c(part))), x);
  return { r, quadrant: b.op('i32x4.trunc_sat_f32x4_s', n) };
}

function sineAndCosine(b: Builder, x: Node, shift: number): Node {
  const { add, mul, c, choose, polynomial } = floatsOf(b);
  const { r, quadrant } = reduce(b, x);
  const square = mul(r, r);
  const sine = add(r, mul(mul(r, square), polynomial(square, [-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4])));
  const even = [4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5];
  const cosine = add(add(mul(mul(square, square), polynomial(square, even)), mul(square, c(-0.5))), c(1));
  const turned = b.op('i32x4.add', quadrant, b.i32x4(shift));
  const isOdd = b.op('i32x4.ne', b.op('v128.and', turned, b.i32x4(1)), b.i32x4(0));
  const sign = b.op('i32x4.shl', b.op('v128.and', turned, b.i32x4(2)), b.i32(30));
  return b.op('v128.xor', choose(isOdd, cosine, sine), sign);
}

/** Computes atan(x) in -pi/2..pi/2, from -1 / x beyond tan(3 pi / 8) and (x - 1) / (x + 1) beyond tan(pi / 8). */
function atan(b: Builder, x: Node): Node {
  const { add, sub, mul, div, neg, abs, gt, choose, c, polynomial } = floatsOf(b);
  const magnitude = abs(x);
  const isLarge = gt(magnitude, c(2.414213562373095));
  const isMiddle = gt(magnitude, c(0.4142135623730951));
  const middle = div(sub(magnitude, c(1)), add(magnitude, c(1)));
  const t = choose(isLarge, neg(div(c(1), magnitude)), choose(isMiddle, middle, magnitude));
  const base = choose(isLarge, c(Math.PI / 2), choose(isMiddle, c(Math.PI / 4), c(0)));
  const square = mul(t, t);
  const series = [-3.33329491539e-1, 1.99777106478e-1, -1.38776856032e-1, 8.05374449538e-2];
  const result = add(base, add(t, mul(mul(t, square), polynomial(square, series))));
  return b.op('v128.or', result, b.op('v128.and', x, b.i32x4(1 << 31)));
}

function atan2(b: Builder, y: Node, x: Node): Node {
  const { add, div, c, lt, eq, choose } = floatsOf(b);
  const sign = b.op('v128.and', y, b.i32x4(1 << 31));
  const pi = b.op('v128.or', c(Math.PI), sign);
  const quotient = atan(b, div(y, x));
  const turned = choose(lt(x, c(0)), add(quotient, pi), quotient);
  const onAxis = choose(eq(y, c(0)), sign, b.op('v128.or', c(Math.PI / 2), sign));
  return choose(eq(x, c(0)), onAxis, turned);
}

/** Computes asin(x) for |x| <= 1; NaN outside. */
function asin(b: Builder, x: Node): Node {
  const { add, sub, mul, abs, gt, choose, c, polynomial } = floatsOf(b);
  const magnitude = abs(x);
  const isLarge = gt(magnitude, c(0.5));
  const halved = mul(sub(c(1), magnitude), c(0.5));
  const square = choose(isLarge, halved, mul(magnitude, magnitude));
  const t = choose(isLarge, b.op('f32x4.sqrt', halved), magnitude);
  const series = [1.6666752422e-1, 7.4953002686e-2, 4.547002587e-2, 2.4181311049e-2, 4.2163199048e-2];
  const near = add(t, mul(mul(t, square), polynomial(square, series)));
  const result = choose(isLarge, sub(c(Math.PI / 2), mul(near, c(2))), near);
  return b.op('v128.or', result, b.op('v128.and', x, b.i32x4(1 << 31)));
}

/** Uses a series below 1/2, where a difference of exponentials loses precision, and exponentials otherwise. */
function sinh(b: Builder, x: Node): Node {
  const { sub, mul, add, div, abs, lt, choose, c, polynomial } = floatsOf(b);
  const square = mul(x, x);
  const near = add(x, mul(mul(x, square), polynomial(square, [1 / 6, 1 / 120, 1 / 5040])));
  // Multiplies by e^(|x| / 2) twice, because sinh stays finite slightly beyond where e^|x| overflows.
  const magnitude = abs(x);
  const root = exp(b, mul(magnitude, c(0.5)));
  const large = sub(mul(mul(root, c(0.5)), root), div(c(0.5), mul(root, root)));
  const signed = b.op('v128.or', large, b.op('v128.and', x, b.i32x4(1 << 31)));
  return choose(lt(magnitude, c(0.5)), near, signed);
}

function cosh(b: Builder, x: Node): Node {
  const { mul, add, div, abs, c } = floatsOf(b);
  const root = exp(b, mul(abs(x), c(0.5)));
  return add(mul(mul(root, c(0.5)), root), div(c(0.5), mul(root, root)));
}

function tanh(b: Builder, x: Node): Node {
  const { sub, mul, add, div, abs, lt, choose, c, polynomial } = floatsOf(b);
  const magnitude = abs(x);
  const square = mul(x, x);
  const series = [-3.33332819422e-1, 1.33314422036e-1, -5.37397155531e-2, 2.06390887954e-2, -5.70498872745e-3];
  const near = add(x, mul(mul(x, square), polynomial(square, series)));
  const far = sub(c(1), div(c(2), add(exp(b, mul(magnitude, c(2))), c(1))));
  const signed = b.op('v128.or', far, b.op('v128.and', x, b.i32x4(1 << 31)));
  return choose(lt(magnitude, c(0.625)), near, signed);
}

/** Computes log(1 + u) for u >= 0 or small u, without the rounding error of 1 + u. */
function log1p(b: Builder, u: Node): Node {
  const { add, sub, mul, div, eq, choose, c } = floatsOf(b);
  const sum = add(c(1), u);
  // Adds back what rounding 1 + u lost, relative to the sum.
  const corrected = add(log(b, sum), div(sub(u, sub(sum, c(1))), sum));
  const infinite = eq(sum, c(Infinity));
  return choose(eq(sum, c(1)), u, choose(infinite, log(b, sum), mul(corrected, c(1))));
}

function asinh(b: Builder, x: Node): Node {
  const { add, mul, div, abs, gt, choose, c } = floatsOf(b);
  const magnitude = abs(x);
  const square = mul(magnitude, magnitude);
  const root = b.op('f32x4.sqrt', add(square, c(1)));
  const near = log1p(b, add(magnitude, div(square, add(root, c(1)))));
  const far = add(log(b, magnitude), c(LN2));
  const result = choose(gt(magnitude, c(1e9)), far, near);
  return b.op('v128.or', result, b.op('v128.and', x, b.i32x4(1 << 31)));
}

function acosh(b: Builder, x: Node): Node {
  const { add, sub, mul, gt, choose, c } = floatsOf(b);
  const t = sub(x, c(1));
  const near = log1p(b, add(t, b.op('f32x4.sqrt', add(mul(t, t), mul(t, c(2))))));
  return choose(gt(x, c(1e9)), add(log(b, x), c(LN2)), near);
}

function atanh(b: Builder, x: Node): Node {
  const { sub, mul, div, abs, c } = floatsOf(b);
  const magnitude = abs(x);
  const result = mul(log1p(b, div(mul(magnitude, c(2)), sub(c(1), magnitude))), c(0.5));
  return b.op('v128.or', result, b.op('v128.and', x, b.i32x4(1 << 31)));
}

function lanes(count: number, compute: (b: Builder, ...nodes: Node[]) => Node): Builtin {
  return call => {
    const { type, nodes } = floats(call, count);
    return inLanes(call.b, type, nodes, (...vectors) => compute(call.b, ...vectors));
  };
}

export const transcendentalBuiltins: Readonly<Record<string, Builtin>> = {
  exp: lanes(1, exp),
  exp2: lanes(1, exp2),
  log: lanes(1, log),
  log2: lanes(1, log2),
  pow: lanes(2, pow),
  sin: lanes(1, (b, x) => sineAndCosine(b, x, 0)),
  cos: lanes(1, (b, x) => sineAndCosine(b, x, 1)),
  tan: lanes(1, (b, x) => b.op('f32x4.div', sineAndCosine(b, x, 0), sineAndCosine(b, x, 1))),
  asin: lanes(1, asin),
  acos: lanes(1, (b, x) => b.op('f32x4.sub', b.f32x4(Math.PI / 2), asin(b, x))),
  atan: lanes(1, atan),
  atan2: lanes(2, atan2),
  sinh: lanes(1, sinh),
  cosh: lanes(1, cosh),
  tanh: lanes(1, tanh),
  asinh: lanes(1, asinh),
  acosh: lanes(1, acosh),
  atanh: lanes(1, atanh),
};
