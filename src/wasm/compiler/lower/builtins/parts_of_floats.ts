import { fail } from '../../../interface/compile_error.ts';
import { layOut } from '../../check/layout.ts';
import { F32, type StructType, shapedLike, type Type, typeName } from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import { dot } from '../values/operators.ts';
import { leaf, partsOf, type Value } from '../values/values.ts';
import { argumentOf, type Builtin, type BuiltinCall, expectCount, floats, inLanes } from './arguments.ts';

/** Builds the result of modf or frexp: a struct of two members with the argument's shape. */
function pairOf(name: string, first: Value, second: [name: string, value: Value]): Value {
  const { type } = first;
  const shape = type.kind === 'vector' ? `vec${type.size}_f32` : 'f32';
  const members = layOut([
    { name: 'fract', type },
    { name: second[0], type: second[1].type },
  ]);
  const result: StructType = { kind: 'struct', name: `__${name}_result_${shape}`, ...members };
  return partsOf(result, [first, second[1]]);
}

function modf(call: BuiltinCall): Value {
  const { b } = call;
  const { type, nodes } = floats(call, 1);
  const whole = inLanes(b, type, nodes, x => b.op('f32x4.trunc', x));
  const fract = inLanes(b, type, nodes, x => b.op('f32x4.sub', x, b.op('f32x4.trunc', x)));
  return pairOf('modf', fract, ['whole', whole]);
}

const SMALLEST_NORMAL = 2 ** -126;

/** Lowers `frexp`; zero, infinities and NaN are their own fraction, with the exponent 0. */
function frexp(call: BuiltinCall): Value {
  const { b } = call;
  const { type, nodes } = floats(call, 1);
  const parts = (x: Node) => {
    const magnitude = b.op('f32x4.abs', x);
    const isSmall = b.op('f32x4.lt', magnitude, b.f32x4(SMALLEST_NORMAL));
    const normal = b.selectVector(x, b.op('f32x4.mul', x, b.f32x4(2 ** 24)), isSmall);
    const isPlain = b.op(
      'v128.and',
      b.op('f32x4.gt', magnitude, b.f32x4(0)),
      b.op('f32x4.lt', magnitude, b.f32x4(Infinity)),
    );
    return { normal, isSmall, isPlain };
  };
  const fract = inLanes(b, type, nodes, x => {
    const { normal, isPlain } = parts(x);
    const scaled = b.op('v128.or', b.op('v128.and', normal, b.i32x4(~0x7f800000)), b.f32x4(0.5));
    return b.selectVector(x, scaled, isPlain);
  });
  const exponent = (x: Node) => {
    const { normal, isSmall, isPlain } = parts(x);
    const biased = b.op('v128.and', b.op('i32x4.shr_u', normal, b.i32(23)), b.i32x4(255));
    const bias = b.op('i32x4.add', b.i32x4(126), b.op('v128.and', isSmall, b.i32x4(24)));
    return b.op('v128.and', b.op('i32x4.sub', biased, bias), isPlain);
  };
  return pairOf('frexp', fract, ['exp', inLanesOf(b, type, nodes, exponent)]);
}

/** Like `inLanes`, for a computation from floats to i32. */
function inLanesOf(b: Builder, type: Type, nodes: readonly Node[], compute: (...vectors: Node[]) => Node): Value {
  const wanted = shapedLike(type, 'i32');
  return type.kind === 'vector' ? leaf(wanted, compute(...nodes)) : inLanes(b, wanted, nodes, compute);
}

/** Computes x * 2^n in three steps. At most one of them rounds, unless x and the result are both subnormal. */
function ldexp(call: BuiltinCall): Value {
  expectCount(call, 2);
  const { b, args } = call;
  const { type, nodes } = floats({ ...call, args: args.slice(0, 1) }, 1);
  const exponent = argumentOf(call, 1, shapedLike(type, 'i32'));
  const held = (n: Node, low: number, high: number) =>
    b.op('i32x4.min_s', b.op('i32x4.max_s', n, b.i32x4(low)), b.i32x4(high));
  return inLanes(b, type, [nodes[0]!, exponent], (x, n) => {
    let rest = held(n, -300, 300);
    let result = x;
    for (let step = 0; step < 3; step++) {
      const part = held(rest, -126, 127);
      const power = b.op('i32x4.shl', b.op('i32x4.add', part, b.i32x4(127)), b.i32(23));
      result = b.op('f32x4.mul', result, power);
      rest = b.op('i32x4.sub', rest, part);
    }
    return result;
  });
}

/** Computes e1 if dot(e2, e3) is below zero, otherwise -e1. */
function faceForward(call: BuiltinCall): Value {
  const { b } = call;
  const { type, nodes } = floats(call, 3);
  if (type.kind !== 'vector') return fail(call.position, `'faceForward' is not defined for ${typeName(type)}`);
  const [x, y, z] = nodes as [Node, Node, Node];
  const isBehind = b.op('f32.lt', dot(b, leaf(type, y), leaf(type, z)), b.f32(0));
  return leaf(type, b.selectVector(b.op('f32x4.neg', x), x, b.mask(isBehind)));
}

/** Lowers `refract`, which is zero for total internal reflection. */
function refract(call: BuiltinCall): Value {
  expectCount(call, 3);
  const { b, args } = call;
  const { type, nodes } = floats({ ...call, args: args.slice(0, 2) }, 2);
  if (type.kind !== 'vector') return fail(call.position, `'refract' is not defined for ${typeName(type)}`);
  const [incident, normal] = nodes as [Node, Node];
  const ratio = argumentOf(call, 2, F32);
  const cosine = dot(b, leaf(type, normal), leaf(type, incident));
  const sine = b.op('f32.sub', b.f32(1), b.op('f32.mul', cosine, cosine));
  const k = b.op('f32.sub', b.f32(1), b.op('f32.mul', b.op('f32.mul', ratio, ratio), sine));
  const along = b.op('f32.add', b.op('f32.mul', ratio, cosine), b.op('f32.sqrt', k));
  const bent = b.op(
    'f32x4.sub',
    b.op('f32x4.mul', incident, b.op('f32x4.splat', ratio)),
    b.op('f32x4.mul', normal, b.op('f32x4.splat', along)),
  );
  return leaf(type, b.selectVector(bent, b.f32x4(0), b.mask(b.op('f32.lt', k, b.f32(0)))));
}

export const partsOfFloatsBuiltins: Readonly<Record<string, Builtin>> = { modf, frexp, ldexp, faceForward, refract };
