import { type Type, U32 } from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import { componentsOf, leaf, makeVector, nodeOf, type Value } from '../values/values.ts';
import { argumentOf, type Builtin, type BuiltinCall, expectCount, integers } from './arguments.ts';

/** Applies a computation to each component, because WebAssembly has these operations for scalars only. */
function each(b: Builder, type: Type, nodes: readonly Node[], compute: (...scalars: Node[]) => Node): Value {
  if (type.kind !== 'vector') return leaf(type, compute(...nodes));
  const components = nodes.map(node => componentsOf(b, leaf(type, node)).map(nodeOf));
  const results = components[0]!.map((_, i) => compute(...components.map(parts => parts[i]!)));
  return makeVector(b, type, results);
}

function perScalar(compute: (b: Builder, x: Node, scalar: 'i32' | 'u32') => Node): Builtin {
  return call => {
    const { type, scalar, nodes } = integers(call, 1);
    return each(call.b, type, nodes, x => compute(call.b, x, scalar));
  };
}

/** Returns the index of the highest bit that differs from the sign (for u32, of the highest set bit), or -1. */
function firstLeadingBit(b: Builder, x: Node, scalar: 'i32' | 'u32'): Node {
  const bits = scalar === 'i32' ? b.op('i32.xor', x, b.op('i32.shr_s', x, b.i32(31))) : x;
  return b.op('i32.sub', b.i32(31), b.op('i32.clz', bits));
}

function firstTrailingBit(b: Builder, x: Node): Node {
  return b.select(b.op('i32.ctz', x), b.i32(-1), b.op('i32.eqz', x));
}

/** Swaps adjacent bits, then pairs of bits, nibbles, bytes and halves. */
function reverseBits(b: Builder, x: Node): Node {
  const masks = [0x55555555, 0x33333333, 0x0f0f0f0f, 0x00ff00ff];
  const swapped = masks.reduce((bits, mask, i) => {
    const high = b.op('i32.shl', b.op('i32.and', bits, b.i32(mask)), b.i32(1 << i));
    return b.op('i32.or', high, b.op('i32.and', b.op('i32.shr_u', bits, b.i32(1 << i)), b.i32(mask)));
  }, x);
  return b.op('i32.or', b.op('i32.shl', swapped, b.i32(16)), b.op('i32.shr_u', swapped, b.i32(16)));
}

/** Returns a bit field's offset and length, both clamped to the 32 bits. */
function field(call: BuiltinCall, at: number): { offset: Node; count: Node } {
  const { b } = call;
  const atMost = (x: Node, limit: Node) => b.select(limit, x, b.op('i32.lt_u', x, limit));
  const offset = atMost(argumentOf(call, at, U32), b.i32(32));
  return { offset, count: atMost(argumentOf(call, at + 1, U32), b.op('i32.sub', b.i32(32), offset)) };
}

function extractBits(call: BuiltinCall): Value {
  expectCount(call, 3);
  const { b } = call;
  const { type, scalar, nodes } = integers({ ...call, args: call.args.slice(0, 1) }, 1);
  const { offset, count } = field(call, 1);
  const right = scalar === 'i32' ? 'i32.shr_s' : 'i32.shr_u';
  const rest = b.op('i32.sub', b.i32(32), count);
  return each(b, type, nodes, x => {
    const left = b.op('i32.shl', x, b.op('i32.sub', rest, offset));
    return b.select(b.op(right, left, rest), b.i32(0), b.op('i32.eqz', count));
  });
}

function insertBits(call: BuiltinCall): Value {
  expectCount(call, 4);
  const { b } = call;
  const { type, nodes } = integers({ ...call, args: call.args.slice(0, 2) }, 2);
  const { offset, count } = field(call, 2);
  const ones = b.op('i32.shr_u', b.i32(-1), b.op('i32.sub', b.i32(32), count));
  const mask = b.select(b.op('i32.shl', ones, offset), b.i32(0), b.op('i32.eqz', count));
  const others = b.op('i32.xor', mask, b.i32(-1));
  return each(b, type, nodes, (x, bits) => {
    const placed = b.op('i32.and', b.op('i32.shl', bits, offset), mask);
    return b.op('i32.or', b.op('i32.and', x, others), placed);
  });
}

/** Lowers the dot product of two words as vectors of four bytes. */
function dot4(extend: (b: Builder, x: Node, byte: number) => Node): Builtin {
  return call => {
    expectCount(call, 2);
    const { b } = call;
    const [x, y] = [argumentOf(call, 0, U32), argumentOf(call, 1, U32)];
    const products = [0, 1, 2, 3].map(byte => b.mul(extend(b, x, byte), extend(b, y, byte)));
    const type: Type = call.name === 'dot4I8Packed' ? { kind: 'scalar', scalar: 'i32' } : U32;
    return leaf(
      type,
      products.reduce((sum, product) => b.add(sum, product)),
    );
  };
}

export function unsignedByte(b: Builder, x: Node, byte: number): Node {
  return b.op('i32.and', b.op('i32.shr_u', x, b.i32(8 * byte)), b.i32(255));
}

export function signedByte(b: Builder, x: Node, byte: number): Node {
  return b.op('i32.shr_s', b.op('i32.shl', x, b.i32(24 - 8 * byte)), b.i32(24));
}

export const integerBuiltins: Readonly<Record<string, Builtin>> = {
  countOneBits: perScalar((b, x) => b.op('i32.popcnt', x)),
  countLeadingZeros: perScalar((b, x) => b.op('i32.clz', x)),
  countTrailingZeros: perScalar((b, x) => b.op('i32.ctz', x)),
  firstLeadingBit: perScalar(firstLeadingBit),
  firstTrailingBit: perScalar(firstTrailingBit),
  reverseBits: perScalar(reverseBits),
  extractBits,
  insertBits,
  dot4U8Packed: dot4(unsignedByte),
  dot4I8Packed: dot4(signedByte),
};
