import { fail } from '../../../interface/compile_error.ts';
import { F32, scalarOf, typeName, vectorType } from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import { dot } from '../values/operators.ts';
import { abstractNumber, componentsOf, leaf, makeVector, nodeOf, prefixOf, type Value } from '../values/values.ts';
import { argumentOf, type Builtin, type BuiltinCall, concrete, floats, inLanes, sameType } from './arguments.ts';

/** Lowers a function of one float to one WebAssembly operation. */
function plain(operation: string): Builtin {
  return call => {
    const { type, nodes } = floats(call, 1);
    return leaf(type, call.b.op(`${prefixOf(type)}.${operation}`, nodes[0]!));
  };
}

/** Lowers a function of floats that is computed on vectors of four. */
function lanes(count: number, compute: (b: Builder, ...nodes: Node[]) => Node): Builtin {
  return call => {
    const { type, nodes } = floats(call, count);
    return inLanes(call.b, type, nodes, (...vectors) => compute(call.b, ...vectors));
  };
}

/** Lowers `min` or `max` as in WGSL: min is e2 if e2 < e1, else e1. It returns a NaN in e1 and ignores one in e2. */
function extremum(name: 'min' | 'max'): Builtin {
  return call => {
    const known = call.args.map(arg => (arg.kind === 'abstract' ? arg.number : Number.NaN));
    if (known.length === 2 && !known.some(Number.isNaN)) {
      return abstractNumber(abstractScalar(call), Math[name](...known));
    }
    const { type, scalar, nodes } = sameType(call, 2);
    return leaf(type, nodeOf(extremumOf(call, name, leaf(type, nodes[0]!), leaf(type, nodes[1]!), scalar)));
  };
}

function abstractScalar({ args }: BuiltinCall): 'abstract-float' | 'abstract-int' {
  return args.some(arg => scalarOf(arg.type) === 'abstract-float') ? 'abstract-float' : 'abstract-int';
}

function extremumOf({ b }: BuiltinCall, name: 'min' | 'max', x: Value, y: Value, scalar: string): Value {
  const [first, second] = [nodeOf(x), nodeOf(y)];
  if (scalar === 'f32') return inLanes(b, x.type, [first, second], (v, w) => b.op(`f32x4.p${name}`, v, w));
  const sign = scalar === 'i32' ? 's' : 'u';
  if (x.type.kind === 'vector') return leaf(x.type, b.op(`i32x4.${name}_${sign}`, first, second));
  const isSecond = b.op(`i32.${name === 'min' ? 'lt' : 'gt'}_${sign}`, second, first);
  return leaf(x.type, b.select(first, second, isSecond));
}

function clamp(call: BuiltinCall): Value {
  const numbers = call.args.map(arg => (arg.kind === 'abstract' ? arg.number : Number.NaN));
  if (numbers.length === 3 && !numbers.some(Number.isNaN)) {
    const [x, low, high] = numbers as [number, number, number];
    return abstractNumber(abstractScalar(call), Math.min(Math.max(x, low), high));
  }
  const { type, scalar, nodes } = sameType(call, 3);
  const [value, low, high] = nodes.map(node => leaf(type, node)) as [Value, Value, Value];
  return extremumOf(call, 'min', extremumOf(call, 'max', value, low, scalar), high, scalar);
}

function abs(call: BuiltinCall): Value {
  const [known] = call.args;
  if (known?.kind === 'abstract') return { ...known, number: Math.abs(known.number) };
  const { b } = call;
  const { type, scalar, nodes } = sameType(call, 1);
  const [x] = nodes as [Node];
  if (scalar === 'u32') return leaf(type, x);
  if (scalar === 'f32') return leaf(type, b.op(`${prefixOf(type)}.abs`, x));
  if (type.kind === 'vector') return leaf(type, b.op('i32x4.abs', x));
  return leaf(type, b.select(x, b.op('i32.sub', b.i32(0), x), b.op('i32.lt_s', x, b.i32(0))));
}

function sign(call: BuiltinCall): Value {
  const [known] = call.args;
  if (known?.kind === 'abstract') return { ...known, number: Math.sign(known.number) };
  const { b } = call;
  const { type, scalar, nodes } = sameType(call, 1);
  if (scalar === 'i32')
    return inLanes(b, type, nodes, x => {
      const negative = b.op('i32x4.lt_s', x, b.i32x4(0));
      return b.op('i32x4.sub', negative, b.op('i32x4.gt_s', x, b.i32x4(0)));
    });
  return inLanes(b, type, nodes, x => {
    const positive = b.op('v128.and', b.op('f32x4.gt', x, b.f32x4(0)), b.f32x4(1));
    return b.op('v128.or', positive, b.op('v128.and', b.op('f32x4.lt', x, b.f32x4(0)), b.f32x4(-1)));
  });
}

/** Computes e1 * (1 - e3) + e2 * e3, which is exact at both ends. */
function mix(call: BuiltinCall): Value {
  const { b } = call;
  const [x] = call.args;
  const isScalarWeight = x?.type.kind === 'vector' && call.args[2]?.type.kind === 'scalar';
  const args = isScalarWeight ? [x!, call.args[1]!, splat(call, 2, x!)] : call.args;
  const { type, nodes } = floats({ ...call, args }, 3);
  const [first, second, weight] = nodes as [Node, Node, Node];
  const p = prefixOf(type);
  const one = type.kind === 'vector' ? b.f32x4(1) : b.f32(1);
  const kept = b.op(`${p}.mul`, first, b.op(`${p}.sub`, one, weight));
  return leaf(type, b.op(`${p}.add`, kept, b.op(`${p}.mul`, second, weight)));
}

function splat(call: BuiltinCall, index: number, like: Value): Value {
  const size = like.type.kind === 'vector' ? like.type.size : 1;
  return makeVector(call.b, vectorType(size, 'f32'), Array<Node>(size).fill(argumentOf(call, index, F32)));
}

function fma(call: BuiltinCall): Value {
  const { b } = call;
  const { type, nodes } = floats(call, 3);
  const p = prefixOf(type);
  return leaf(type, b.op(`${p}.add`, b.op(`${p}.mul`, nodes[0]!, nodes[1]!), nodes[2]!));
}

function dotProduct(call: BuiltinCall): Value {
  const { type, scalar, nodes } = sameType(call, 2);
  if (type.kind !== 'vector') return fail(call.position, `'dot' is not defined for ${typeName(type)}`);
  const node = dot(call.b, leaf(type, nodes[0]!), leaf(type, nodes[1]!));
  return leaf({ kind: 'scalar', scalar }, node);
}

/** Computes sqrt(dot(x, x)), or the absolute value of a scalar. */
function lengthOf(call: BuiltinCall, value: Value): Node {
  const { b } = call;
  if (value.type.kind !== 'vector') return b.op('f32.abs', nodeOf(value));
  return b.op('f32.sqrt', dot(b, value, value));
}

function distance(call: BuiltinCall): Value {
  const { type, nodes } = floats(call, 2);
  const difference = leaf(type, call.b.op(`${prefixOf(type)}.sub`, nodes[0]!, nodes[1]!));
  return leaf(F32, lengthOf(call, difference));
}

function normalize(call: BuiltinCall): Value {
  const { b } = call;
  const { type, nodes } = floats(call, 1);
  if (type.kind !== 'vector') return fail(call.position, `'normalize' is not defined for ${typeName(type)}`);
  const length = lengthOf(call, leaf(type, nodes[0]!));
  return leaf(type, b.op('f32x4.div', nodes[0]!, b.op('f32x4.splat', length)));
}

function cross(call: BuiltinCall): Value {
  const { b } = call;
  const { type, nodes } = floats(call, 2);
  if (type.kind !== 'vector' || type.size !== 3)
    return fail(call.position, `'cross' is not defined for ${typeName(type)}`);
  const turned = (node: Node, from: number[]) => b.shuffle(node, node, from);
  const [next, after] = [
    [1, 2, 0, 3],
    [2, 0, 1, 3],
  ] as const;
  const [x, y] = nodes as [Node, Node];
  const first = b.op('f32x4.mul', turned(x, [...next]), turned(y, [...after]));
  return leaf(type, b.op('f32x4.sub', first, b.op('f32x4.mul', turned(x, [...after]), turned(y, [...next]))));
}

/** Computes e1 - 2 * dot(e2, e1) * e2. */
function reflect(call: BuiltinCall): Value {
  const { b } = call;
  const { type, nodes } = floats(call, 2);
  const [x, y] = nodes as [Node, Node];
  const twice = b.op('f32.mul', b.f32(2), dot(b, leaf(type, y), leaf(type, x)));
  return leaf(type, b.op('f32x4.sub', x, b.op('f32x4.mul', y, b.op('f32x4.splat', twice))));
}

function step(b: Builder, edge: Node, x: Node): Node {
  return b.op('v128.and', b.op('f32x4.le', edge, x), b.f32x4(1));
}

function saturate(b: Builder, x: Node): Node {
  return b.op('f32x4.pmin', b.op('f32x4.pmax', x, b.f32x4(0)), b.f32x4(1));
}

function smoothstep(b: Builder, low: Node, high: Node, x: Node): Node {
  const t = saturate(b, b.op('f32x4.div', b.op('f32x4.sub', x, low), b.op('f32x4.sub', high, low)));
  const rest = b.op('f32x4.sub', b.f32x4(3), b.op('f32x4.mul', b.f32x4(2), t));
  return b.op('f32x4.mul', b.op('f32x4.mul', t, t), rest);
}

/** Rounds to the nearest f16 value, ties to even; values beyond f16's range become infinite. */
export function quantizeToF16(b: Builder, x: Node): Node {
  const magnitude = b.op('f32x4.abs', x);
  // Adding and subtracting 2^13 times the value's power of two rounds it to f16's 10 bits; for f16's subnormals, 0.5.
  const exponent = b.op('v128.and', magnitude, b.i32x4(0x7f800000));
  const scale = b.op('f32x4.pmax', b.op('f32x4.mul', exponent, b.f32x4(2 ** 13)), b.f32x4(2 ** -1));
  const rounded = b.op('f32x4.sub', b.op('f32x4.add', magnitude, scale), scale);
  const isLarge = b.op('f32x4.ge', magnitude, b.f32x4(65520));
  const finite = b.selectVector(rounded, b.f32x4(Infinity), isLarge);
  const kept = b.selectVector(finite, magnitude, b.op('f32x4.ne', x, x));
  return b.op('v128.or', kept, b.op('v128.and', x, b.i32x4(1 << 31)));
}

function transpose(call: BuiltinCall): Value {
  const value = concrete(call, 0);
  if (value.type.kind !== 'matrix' || value.kind !== 'parts')
    return fail(call.position, `'transpose' is not defined for ${typeName(value.type)}`);
  const { columns, rows, scalar } = value.type;
  const scalars = value.parts.map(column => componentsOf(call.b, column).map(nodeOf));
  const parts = Array.from({ length: rows }, (_, row) =>
    makeVector(
      call.b,
      vectorType(columns, scalar),
      scalars.map(column => column[row]!),
    ),
  );
  return { kind: 'parts', type: { kind: 'matrix', columns: rows, rows: columns, scalar }, parts };
}

function determinant(call: BuiltinCall): Value {
  const { b } = call;
  const value = concrete(call, 0);
  if (value.type.kind !== 'matrix' || value.kind !== 'parts' || value.type.columns !== value.type.rows)
    return fail(call.position, `'determinant' is not defined for ${typeName(value.type)}`);
  const columns = value.parts.map(column => componentsOf(b, column).map(nodeOf));
  const expand = (first: number, rows: readonly number[]): Node => {
    if (rows.length === 1) return columns[first]![rows[0]!]!;
    return rows
      .map((row, i) => {
        const others = rows.filter(other => other !== row);
        const term = b.op('f32.mul', columns[first]![row]!, expand(first + 1, others));
        return i % 2 === 0 ? term : b.op('f32.neg', term);
      })
      .reduce((sum, term) => b.op('f32.add', sum, term));
  };
  return leaf(F32, expand(0, [...Array(columns.length).keys()]));
}

export const numericBuiltins: Readonly<Record<string, Builtin>> = {
  floor: plain('floor'),
  ceil: plain('ceil'),
  trunc: plain('trunc'),
  round: plain('nearest'),
  sqrt: plain('sqrt'),
  inverseSqrt: lanes(1, (b, x) => b.op('f32x4.div', b.f32x4(1), b.op('f32x4.sqrt', x))),
  fract: lanes(1, (b, x) => b.op('f32x4.sub', x, b.op('f32x4.floor', x))),
  degrees: lanes(1, (b, x) => b.op('f32x4.mul', x, b.f32x4(180 / Math.PI))),
  radians: lanes(1, (b, x) => b.op('f32x4.mul', x, b.f32x4(Math.PI / 180))),
  step: lanes(2, step),
  saturate: lanes(1, saturate),
  smoothstep: lanes(3, smoothstep),
  quantizeToF16: lanes(1, quantizeToF16),
  min: extremum('min'),
  max: extremum('max'),
  clamp,
  abs,
  sign,
  mix,
  fma,
  dot: dotProduct,
  length: call => {
    const { type, nodes } = floats(call, 1);
    return leaf(F32, lengthOf(call, leaf(type, nodes[0]!)));
  },
  distance,
  normalize,
  cross,
  reflect,
  transpose,
  determinant,
};
