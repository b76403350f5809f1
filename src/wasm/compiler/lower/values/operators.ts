import { fail, type Position } from '../../../interface/compile_error.ts';
import {
  BOOL,
  isAbstract,
  type MatrixType,
  type ScalarName,
  scalarOf,
  scalarType,
  shapedLike,
  type Type,
  typeName,
  vectorType,
} from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node } from '../../ir/node.ts';
import { abstractBinary } from './abstract.ts';
import { commonScalar, concretize, convert } from './convert.ts';
import { divide, shift } from './integers.ts';
import { componentsOf, leaf, makeVector, nodeOf, partsOf, prefixOf, type Value } from './values.ts';

const COMPARISONS: Readonly<Record<string, string>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '>': 'gt',
  '<=': 'le',
  '>=': 'ge',
};
const ARITHMETIC: Readonly<Record<string, string>> = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '%': 'rem' };
const BITWISE: Readonly<Record<string, string>> = { '&': 'and', '|': 'or', '^': 'xor' };

/** Lowers a binary operator other than `&&` and `||`. */
export function binary(b: Builder, operator: string, left: Value, right: Value, position: Position): Value {
  if (left.type.kind === 'matrix' || right.type.kind === 'matrix')
    return matrixBinary(b, operator, left, right, position);
  if (operator === '<<' || operator === '>>') return shift(b, operator, left, right, position);
  const scalar = commonScalar(left.type, right.type, position);
  const type = resultShape(operator, left.type, right.type, scalar, position);
  if (scalar.startsWith('abstract')) return abstractBinary(b, operator, left, right, type, position);
  const x = nodeOf(broadcast(b, left, type, position));
  const y = nodeOf(broadcast(b, right, type, position));
  if (COMPARISONS[operator]) {
    const name = COMPARISONS[operator];
    const isOrdered = name !== 'eq' && name !== 'ne';
    if (scalar === 'bool' && isOrdered) return unsupported(operator, left.type, right.type, position);
    const suffix = isOrdered && scalar !== 'f32' ? (scalar === 'i32' ? '_s' : '_u') : '';
    return leaf(shapedLike(type, 'bool'), b.op(`${prefixOf(type)}.${name}${suffix}`, x, y));
  }
  if (BITWISE[operator]) {
    if (scalar === 'f32') return unsupported(operator, left.type, right.type, position);
    return leaf(type, b.op(`${type.kind === 'vector' ? 'v128' : 'i32'}.${BITWISE[operator]}`, x, y));
  }
  const name = ARITHMETIC[operator] ?? fail(position, `unknown operator '${operator}'`);
  if (scalar === 'bool') return unsupported(operator, left.type, right.type, position);
  if (name === 'rem' && scalar === 'f32') return leaf(type, remainder(b, type, x, y));
  if ((name === 'div' || name === 'rem') && scalar !== 'f32') return divide(b, name, type, x, y);
  return leaf(type, b.op(`${prefixOf(type)}.${name}`, x, y));
}

/** Computes x - y * trunc(x / y), which has the sign of x, as WGSL specifies. */
function remainder(b: Builder, type: Type, x: Node, y: Node): Node {
  const prefix = prefixOf(type);
  const quotient = b.op(`${prefix}.trunc`, b.op(`${prefix}.div`, x, y));
  return b.op(`${prefix}.sub`, x, b.op(`${prefix}.mul`, y, quotient));
}

function resultShape(operator: string, left: Type, right: Type, scalar: ScalarName, position: Position): Type {
  if (left.kind === 'vector' && right.kind === 'vector') {
    return left.size === right.size ? vectorType(left.size, scalar) : unsupported(operator, left, right, position);
  }
  // Only the five arithmetic operators accept a vector and a scalar.
  const isMixed = left.kind !== right.kind;
  if (isMixed && !ARITHMETIC[operator]) return unsupported(operator, left, right, position);
  return shapedLike(left.kind === 'vector' ? left : right, scalar);
}

function broadcast(b: Builder, value: Value, type: Type, position: Position): Value {
  const scalar = scalarOf(type)!;
  if (type.kind === 'vector' && value.type.kind === 'scalar') {
    const component = nodeOf(convert(b, value, scalarType(scalar), position));
    return makeVector(b, type, Array<Node>(type.size).fill(component));
  }
  return convert(b, value, type, position);
}

export function unary(b: Builder, operator: string, operand: Value, position: Position): Value {
  const scalar = scalarOf(operand.type);
  if (operand.kind === 'abstract' && operator !== '!') {
    const number = operator === '-' ? -operand.number : -operand.number - 1;
    const isWhole = scalar === 'abstract-int';
    if (operator === '~' && !isWhole) return unsupported(operator, operand.type, undefined, position);
    return { ...operand, number: isWhole ? number + 0 : number };
  }
  if (operand.kind === 'parts' && isAbstract(operand.type))
    return partsOf(
      operand.type,
      operand.parts.map(part => unary(b, operator, part, position)),
    );
  if (operand.kind !== 'leaf') return unsupported(operator, operand.type, undefined, position);
  const { node, type } = operand;
  const isVector = type.kind === 'vector';
  if (operator === '!' && scalar === 'bool')
    return leaf(type, isVector ? b.op('v128.xor', node, b.i32x4(-1)) : b.op('i32.eqz', node));
  if (operator === '~' && (scalar === 'i32' || scalar === 'u32'))
    return leaf(type, isVector ? b.op('v128.xor', node, b.i32x4(-1)) : b.op('i32.xor', node, b.i32(-1)));
  if (operator === '-' && scalar === 'f32') return leaf(type, b.op(`${prefixOf(type)}.neg`, node));
  if (operator === '-' && scalar === 'i32')
    return leaf(type, isVector ? b.op('i32x4.neg', node) : b.op('i32.sub', b.i32(0), node));
  return unsupported(operator, operand.type, undefined, position);
}

function unsupported(operator: string, left: Type, right: Type | undefined, position: Position): never {
  const operands = right ? `${typeName(left)} and ${typeName(right)}` : typeName(left);
  return fail(position, `operator '${operator}' is not defined for ${operands}`);
}

function matrixBinary(b: Builder, operator: string, left: Value, right: Value, position: Position): Value {
  const scalar = commonScalar(left.type, right.type, position);
  const [x, y] = [left, right].map(value => concretize(b, value, position)) as [Value, Value];
  if (scalar === 'i32' || scalar === 'u32' || scalar === 'bool')
    return unsupported(operator, left.type, right.type, position);
  const columns = (value: Value) => (value.kind === 'parts' ? value.parts : []);
  const each = (type: MatrixType, make: (i: number) => Value) =>
    partsOf(
      type,
      Array.from({ length: type.columns }, (_, i) => make(i)),
    );
  if (x.type.kind === 'matrix' && y.type.kind === 'matrix') {
    if ((operator === '+' || operator === '-') && typeName(x.type) === typeName(y.type))
      return each(x.type, i => binary(b, operator, columns(x)[i]!, columns(y)[i]!, position));
    if (operator === '*' && x.type.columns === y.type.rows)
      return each({ ...x.type, columns: y.type.columns }, i => timesVector(b, columns(x), columns(y)[i]!, position));
  } else if (operator === '*' && x.type.kind === 'matrix') {
    if (y.type.kind === 'scalar') return each(x.type, i => binary(b, operator, columns(x)[i]!, y, position));
    if (y.type.kind === 'vector' && y.type.size === x.type.columns) return timesVector(b, columns(x), y, position);
  } else if (operator === '*' && y.type.kind === 'matrix') {
    if (x.type.kind === 'scalar') return each(y.type, i => binary(b, operator, x, columns(y)[i]!, position));
    if (x.type.kind === 'vector' && x.type.size === y.type.rows) {
      const products = columns(y).map(column => dot(b, x, column));
      return makeVector(b, vectorType(y.type.columns, 'f32'), products);
    }
  }
  return unsupported(operator, left.type, right.type, position);
}

function timesVector(b: Builder, columns: readonly Value[], vector: Value, position: Position): Value {
  return componentsOf(b, vector)
    .map((component, i) => binary(b, '*', columns[i]!, component, position))
    .reduce((sum, term) => binary(b, '+', sum, term, position));
}

/** Computes the dot product of two vectors of the same concrete type. */
export function dot(b: Builder, x: Value, y: Value): Node {
  const lanes = scalarOf(x.type) === 'f32' ? 'f32' : 'i32';
  const products = leaf(x.type, b.op(`${lanes}x4.mul`, nodeOf(x), nodeOf(y)));
  return componentsOf(b, products)
    .map(nodeOf)
    .reduce((sum, term) => b.op(`${lanes}.add`, sum, term));
}

/** Lowers `&&` or `||` with both operands evaluated. */
export function boolean(b: Builder, operator: '&&' | '||', left: Value, right: Value, position: Position): Value {
  for (const value of [left, right])
    if (typeName(value.type) !== 'bool') return unsupported(operator, left.type, right.type, position);
  return leaf(BOOL, b.op(operator === '&&' ? 'i32.and' : 'i32.or', nodeOf(left), nodeOf(right)));
}
