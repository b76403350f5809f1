import { fail, NOWHERE, type Position } from '../../../interface/compile_error.ts';
import { sizeOf } from '../../check/layout.ts';
import { columnType, isAbstract, type ScalarName, scalarType, type Type, typeName } from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import { isConst, type Node } from '../../ir/node.ts';
import type { Kind } from '../../ir/opcodes.ts';
import type { Reference } from './reference.ts';

/**
 * The value of an expression.
 *
 * leaf       a scalar, or a vector of concrete scalars (one v128, whose lanes beyond the vector's size are arbitrary)
 * abstract   a number of a constant expression without a concrete type, in f64
 * parts      a struct, an array, a matrix (its columns), or a vector of abstract numbers
 * pointer    a pointer to memory, or to a variable that is held in nodes
 */
export type Value = LeafValue | AbstractValue | PartsValue | PointerValue;

export interface LeafValue {
  readonly kind: 'leaf';
  readonly type: Type;
  readonly node: Node;
}

export interface AbstractValue {
  readonly kind: 'abstract';
  readonly type: Type;
  readonly number: number;
}

export interface PartsValue {
  readonly kind: 'parts';
  readonly type: Type;
  readonly parts: readonly Value[];
}

export interface PointerValue {
  readonly kind: 'pointer';
  readonly type: Type;
  readonly reference: Reference;
}

export function leaf(type: Type, node: Node): LeafValue {
  return { kind: 'leaf', type, node };
}

export function partsOf(type: Type, parts: readonly Value[]): PartsValue {
  return { kind: 'parts', type, parts };
}

export function abstractNumber(scalar: ScalarName, number: number): AbstractValue {
  return { kind: 'abstract', type: scalarType(scalar), number };
}

/** Returns whether a value of this type is a single node. */
export function isLeaf(type: Type): boolean {
  return (type.kind === 'scalar' || type.kind === 'vector') && !isAbstract(type);
}

export function kindOfLeaf(type: Type): Kind {
  if (type.kind === 'vector') return 'v128';
  return type.kind === 'scalar' && type.scalar === 'f32' ? 'f32' : 'i32';
}

/** Returns the prefix of the operations on a type, such as `f32x4` for a vector or `f32` for a scalar. */
export function prefixOf(type: Type): 'f32x4' | 'i32x4' | 'f32' | 'i32' {
  const isFloat = (type.kind === 'scalar' || type.kind === 'vector') && type.scalar === 'f32';
  if (type.kind === 'vector') return isFloat ? 'f32x4' : 'i32x4';
  return isFloat ? 'f32' : 'i32';
}

/** WGSL's size limit for variables in the function and private address spaces, in bytes. */
const MOST_VALUE_BYTES = 65535;

/**
 * Checks that a type is small enough for a value or a function's variable.
 *
 * @throws CompileError  the type is too large
 */
export function checkValueSize(type: Type, position: Position): void {
  if (sizeOf(type) > MOST_VALUE_BYTES)
    fail(
      position,
      `${typeName(type)} has ${sizeOf(type)} bytes, but values and variables are limited to ${MOST_VALUE_BYTES}`,
    );
}

/** Returns the types of the parts of a struct, an array, a matrix or a vector. */
export function partTypes(type: Type): readonly Type[] {
  switch (type.kind) {
    case 'struct':
      return type.members.map(member => member.type);
    case 'array':
      checkValueSize(type, NOWHERE);
      return Array<Type>(type.count ?? 0).fill(type.element);
    case 'matrix':
      return Array<Type>(type.columns).fill(columnType(type));
    case 'vector':
      return Array<Type>(type.size).fill(scalarType(type.scalar));
    default:
      return [];
  }
}

export function nodeOf(value: Value): Node {
  if (value.kind !== 'leaf') throw new Error(`${typeName(value.type)} is not one node`);
  return value.node;
}

export function zeroValue(b: Builder, type: Type, position: Position): Value {
  if (isLeaf(type)) {
    const kind = kindOfLeaf(type);
    if (kind === 'v128') return leaf(type, b.i32x4(0));
    return leaf(type, kind === 'f32' ? b.f32(0) : b.i32(0));
  }
  if (type.kind === 'scalar') return abstractNumber(type.scalar, 0);
  const isFixed = type.kind === 'struct' || type.kind === 'matrix' || type.kind === 'vector';
  if (isFixed || (type.kind === 'array' && type.count !== undefined))
    return partsOf(
      type,
      partTypes(type).map(part => zeroValue(b, part, position)),
    );
  return fail(position, `${typeName(type)} has no zero value`);
}

export function isConstant(value: Value): boolean {
  switch (value.kind) {
    case 'leaf':
      return isConst(value.node);
    case 'parts':
      return value.parts.every(isConstant);
    default:
      return value.kind === 'abstract';
  }
}

/** Returns a vector's components; any other value is its only component. */
export function componentsOf(b: Builder, value: Value): Value[] {
  if (value.kind === 'parts') return [...value.parts];
  if (value.type.kind !== 'vector' || value.kind !== 'leaf') return [value];
  const { scalar, size } = value.type;
  const lanes = scalar === 'f32' ? 'f32x4' : 'i32x4';
  return Array.from({ length: size }, (_, i) => {
    const lane = b.lane(lanes, value.node, i);
    return leaf(scalarType(scalar), scalar === 'bool' ? b.op('i32.and', lane, b.i32(1)) : lane);
  });
}

/** Builds a vector from scalar nodes. The lanes of a vector of bools are all ones or all zeros. */
export function makeVector(b: Builder, type: Type, components: readonly Node[]): LeafValue {
  const isFloat = type.kind === 'vector' && type.scalar === 'f32';
  const isBool = type.kind === 'vector' && type.scalar === 'bool';
  const lanes = components.map(node => (isBool ? b.op('i32.sub', b.i32(0), node) : node));
  const isSplat = lanes.every(lane => lane === lanes[0]);
  const filler = isSplat ? lanes[0]! : isFloat ? b.f32(0) : b.i32(0);
  while (lanes.length < 4) lanes.push(filler);
  return leaf(type, b.op(isFloat ? 'f32x4.make' : 'i32x4.make', ...lanes));
}

/** Returns `condition ? whenTrue : whenFalse` for two values of one type. */
export function selectValue(b: Builder, whenFalse: Value, whenTrue: Value, condition: Node): Value {
  if (whenFalse.kind === 'parts' && whenTrue.kind === 'parts')
    return partsOf(
      whenFalse.type,
      whenFalse.parts.map((part, i) => selectValue(b, part, whenTrue.parts[i]!, condition)),
    );
  const [x, y] = [nodeOf(whenFalse), nodeOf(whenTrue)];
  const node = x.kind === 'v128' ? b.selectVector(x, y, b.mask(condition)) : b.select(x, y, condition);
  return leaf(whenFalse.type, node);
}
