import { fail, type Position } from '../../../interface/compile_error.ts';
import {
  concreteType,
  isAbstract,
  isSame,
  type ScalarName,
  scalarOf,
  scalarType,
  type Type,
  typeName,
} from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import {
  abstractNumber,
  componentsOf,
  isLeaf,
  kindOfLeaf,
  leaf,
  makeVector,
  nodeOf,
  partsOf,
  partTypes,
  type Value,
} from './values.ts';

const LARGEST_F32 = 3.4028234663852886e38;

/** Converts a value to a type implicitly, as WGSL allows for abstract numbers only. */
export function convert(b: Builder, value: Value, type: Type, position: Position): Value {
  if (isSame(value.type, type)) return value;
  if (!isAbstract(value.type)) return mismatch(value.type, type, position);
  if (value.kind === 'abstract')
    return type.kind === 'scalar'
      ? fromAbstract(b, value.number, value.type, type.scalar, position)
      : mismatch(value.type, type, position);
  const parts = partTypes(type);
  const sameShape = value.type.kind === type.kind && value.kind === 'parts' && parts.length === value.parts.length;
  if (!sameShape) return mismatch(value.type, type, position);
  const converted = value.parts.map((part, i) => convert(b, part, parts[i]!, position));
  return isLeaf(type) ? makeVector(b, type, converted.map(nodeOf)) : partsOf(type, converted);
}

/** Converts an abstract value to i32 or f32 components; returns other values unchanged. */
export function concretize(b: Builder, value: Value, position: Position): Value {
  return isAbstract(value.type) ? convert(b, value, concreteType(value.type), position) : value;
}

/**
 * Returns the scalar type that both types convert to.
 *
 * @throws CompileError  there is none
 */
export function commonScalar(a: Type, b: Type, position: Position): ScalarName {
  const [x, y] = [scalarOf(a), scalarOf(b)];
  if (x === undefined || y === undefined) return mismatch(a, b, position);
  if (x === y) return x;
  if (canBecome(x, y)) return y;
  if (canBecome(y, x)) return x;
  return mismatch(a, b, position);
}

function canBecome(from: ScalarName, to: ScalarName): boolean {
  if (from === 'abstract-int') return to === 'i32' || to === 'u32' || to === 'f32' || to === 'abstract-float';
  return from === 'abstract-float' && to === 'f32';
}

function fromAbstract(b: Builder, number: number, from: Type, to: ScalarName, position: Position): Value {
  if (!canBecome(scalarOf(from)!, to)) return mismatch(from, scalarType(to), position);
  if (to === 'abstract-float') return abstractNumber(to, number);
  const [lowest, highest] = rangeOf(to);
  if (!(number >= lowest && number <= highest)) fail(position, `${number} cannot be represented as ${to}`);
  return leaf(scalarType(to), to === 'f32' ? b.f32(number) : b.i32(number));
}

function rangeOf(scalar: ScalarName): [lowest: number, highest: number] {
  if (scalar === 'i32') return [-(2 ** 31), 2 ** 31 - 1];
  return scalar === 'u32' ? [0, 2 ** 32 - 1] : [-LARGEST_F32, LARGEST_F32];
}

function mismatch(got: Type, wanted: Type, position: Position): never {
  return fail(position, `expected ${typeName(wanted)}, got ${typeName(got)}`);
}

/** Converts a value to another scalar type explicitly, as `f32(x)` and `vec3u(v)` do. */
export function cast(b: Builder, value: Value, to: ScalarName, position: Position): Value {
  if (value.kind === 'abstract' && to !== 'bool') {
    if (to === 'f32' || to.startsWith('abstract')) return convert(b, value, scalarType(to), position);
    if (scalarOf(value.type) === 'abstract-int') return convert(b, value, scalarType(to), position);
    const [lowest, highest] = rangeOf(to);
    return leaf(scalarType(to), b.i32(Math.min(Math.max(Math.trunc(value.number), lowest), highest)));
  }
  if (value.kind === 'parts' && value.type.kind === 'vector') {
    const parts = componentsOf(b, value).map(part => cast(b, part, to, position));
    return makeVector(b, { ...value.type, scalar: to }, parts.map(nodeOf));
  }
  const source = concretize(b, value, position);
  const { type } = source;
  if (type.kind !== 'scalar' && type.kind !== 'vector')
    return fail(position, `${to} cannot be constructed from ${typeName(type)}`);
  return leaf({ ...type, scalar: to }, castNode(b, nodeOf(source), type.scalar, to, type.kind === 'vector'));
}

function castNode(b: Builder, node: Node, from: ScalarName, to: ScalarName, isVector: boolean): Node {
  if (from === to) return node;
  const isSigned = (from === 'f32' ? to : from) === 'i32';
  const sign = isSigned ? 's' : 'u';
  if (from === 'bool') {
    // In a vector, true has all bits set.
    const bits = isVector ? b.op('v128.and', node, b.i32x4(1)) : node;
    return to === 'f32' ? b.op(isVector ? 'f32x4.convert_i32x4_s' : 'f32.convert_i32_s', bits) : bits;
  }
  if (to === 'bool') {
    if (from === 'f32') return isVector ? b.op('f32x4.ne', node, b.f32x4(0)) : b.op('f32.ne', node, b.f32(0));
    return isVector ? b.op('i32x4.ne', node, b.i32x4(0)) : b.op('i32.ne', node, b.i32(0));
  }
  if (to === 'f32') return b.op(isVector ? `f32x4.convert_i32x4_${sign}` : `f32.convert_i32_${sign}`, node);
  return from === 'f32' ? truncate(b, node, to, isVector) : node;
}

/**
 * Truncates f32 to i32 or u32. A value out of range becomes the nearest value in range that f32 can represent (so never
 * 2^31 - 1); NaN becomes 0.
 */
function truncate(b: Builder, node: Node, to: ScalarName, isVector: boolean): Node {
  const limit = to === 'i32' ? 2 ** 31 - 2 ** 7 : 2 ** 32 - 2 ** 8;
  const sign = to === 'i32' ? 's' : 'u';
  if (isVector) return b.op(`i32x4.trunc_sat_f32x4_${sign}`, b.op('f32x4.pmin', node, b.f32x4(limit)));
  const held = b.select(node, b.f32(limit), b.op('f32.gt', node, b.f32(limit)));
  return b.op(`i32.trunc_sat_f32_${sign}`, held);
}

/** Reinterprets a value's bits as another type of the same size. */
export function bitcast(b: Builder, value: Value, type: Type, position: Position): Value {
  const source = concretize(b, value, position);
  const isPair = (t: Type) => (t.kind === 'scalar' || t.kind === 'vector') && t.scalar !== 'bool';
  const sizeOf = (t: Type) => (t.kind === 'vector' ? t.size : 1);
  if (!isPair(source.type) || !isPair(type) || sizeOf(source.type) !== sizeOf(type))
    return fail(position, `${typeName(source.type)} cannot be bitcast to ${typeName(type)}`);
  const node = nodeOf(source);
  if (type.kind === 'vector' || kindOfLeaf(type) === node.kind) return leaf(type, node);
  return leaf(type, b.op(node.kind === 'f32' ? 'i32.reinterpret_f32' : 'f32.reinterpret_i32', node));
}
