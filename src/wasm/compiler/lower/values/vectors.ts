import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import { type LeafValue, leaf, nodeOf, type Value } from './values.ts';

function scalarLanes(value: Value): { lanes: 'f32x4' | 'i32x4'; isBool: boolean; size: number } {
  if (value.type.kind !== 'vector') throw new Error('not a vector');
  const { scalar, size } = value.type;
  return { lanes: scalar === 'f32' ? 'f32x4' : 'i32x4', isBool: scalar === 'bool', size };
}

/** Returns `vector[index]`; an index out of range selects the last component. */
export function laneOf(b: Builder, vector: Value, index: Node): Node {
  const { lanes, isBool, size } = scalarLanes(vector);
  const node = nodeOf(vector);
  const asBool = (lane: Node) => (isBool ? b.op('i32.and', lane, b.i32(1)) : lane);
  if (index.op === 'const') return asBool(b.lane(lanes, node, Math.min(index.imm[0]! >>> 0, size - 1)));
  const inside = b.op('clamp', index, b.i32(size - 1));
  // Byte k of the selected lane is byte 4 * index + k.
  const bytes = b.op('i8x16.splat', b.op('i32.shl', inside, b.i32(2)));
  const pattern = b.op('v128.or', bytes, b.i32x4(0x03020100));
  return asBool(b.lane(lanes, b.op('i8x16.swizzle', node, pattern), 0));
}

/** Replaces one component of a vector; if the index is out of range, the vector is unchanged. */
export function insertLane(b: Builder, vector: Value, index: Node, component: Node): LeafValue {
  const { lanes, isBool, size } = scalarLanes(vector);
  const value = isBool ? b.op('i32.sub', b.i32(0), component) : component;
  const node = nodeOf(vector);
  if (index.op === 'const') {
    const at = index.imm[0]! >>> 0;
    return leaf(vector.type, at < size ? b.op(`${lanes}.replace_lane`, node, value, [at]) : node);
  }
  const chosen = b.op('i32x4.eq', b.op('i32x4.splat', index), b.i32x4(0, 1, 2, 3));
  return leaf(vector.type, b.selectVector(node, b.op(`${lanes}.splat`, value), chosen));
}
