import { fail, type Position } from '../../../interface/compile_error.ts';
import { isAbstract, isSame, scalarOf, shapedLike, type Type, typeName } from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import { isConst, type Node } from '../../ir/node.ts';
import { numbersOf } from './constant_rules.ts';
import { concretize, convert } from './convert.ts';
import { abstractNumber, componentsOf, isConstant, leaf, makeVector, nodeOf, partsOf, type Value } from './values.ts';

/** Lowers integer `/` and `%`. As in WGSL, x / 0 is x and x % 0 is 0; -2^31 / -1 is -2^31 and -2^31 % -1 is 0. */
export function divide(b: Builder, name: 'div' | 'rem', type: Type, x: Node, y: Node): Value {
  if (type.kind === 'vector') {
    const [xs, ys] = [x, y].map(node => componentsOf(b, leaf(type, node)));
    const parts = xs!.map((component, i) =>
      nodeOf(divide(b, name, component.type, nodeOf(component), nodeOf(ys![i]!))),
    );
    return makeVector(b, type, parts);
  }
  if (scalarOf(type) === 'u32') {
    const divisor = y.op === 'const' && !isConst(y, 0) ? y : b.op('i32.or', y, b.op('i32.eqz', y));
    return leaf(type, b.op(`i32.${name}_u`, x, divisor));
  }
  const isLowest = b.op('i32.eq', x, b.i32(-(2 ** 31)));
  const overflows = b.op('i32.and', isLowest, b.op('i32.eq', y, b.i32(-1)));
  const divisor = b.select(y, b.i32(1), b.op('i32.or', overflows, b.op('i32.eqz', y)));
  return leaf(type, b.op(`i32.${name}_s`, x, divisor));
}

function shiftAbstract(operator: '<<' | '>>', left: Value, right: Value, position: Position): Value {
  const amounts = numbersOf(right)!;
  const values = numbersOf(left)!;
  const shifted = values.map((value, i) => {
    const number = Math.floor(value * 2 ** (operator === '<<' ? amounts[i]! : -amounts[i]!));
    if (!Number.isSafeInteger(number)) fail(position, `the constant ${number} is beyond 2^53, which is not supported`);
    return abstractNumber('abstract-int', number);
  });
  const isAlike = left.type.kind === right.type.kind && values.length === amounts.length;
  if (!isAlike || scalarOf(left.type) !== 'abstract-int')
    fail(position, `operator '${operator}' is not defined for ${typeName(left.type)} and ${typeName(right.type)}`);
  return left.type.kind === 'vector' ? partsOf(left.type, shifted) : shifted[0]!;
}

/** Lowers `<<` and `>>`. They use the amount's low five bits, as WGSL specifies for runtime amounts. */
export function shift(b: Builder, operator: '<<' | '>>', left: Value, right: Value, position: Position): Value {
  if (isAbstract(left.type) && isConstant(right)) return shiftAbstract(operator, left, right, position);
  const value = concretize(b, left, position);
  const { type } = value;
  const scalar = scalarOf(type);
  const amountType = shapedLike(type, 'u32');
  if (scalar !== 'i32' && scalar !== 'u32')
    return fail(position, `operator '${operator}' is not defined for ${typeName(type)}`);
  const amount = convert(b, right, amountType, position);
  if (!isSame(amount.type, amountType))
    return fail(position, `a shift amount must be ${typeName(amountType)}, got ${typeName(amount.type)}`);
  const name = operator === '<<' ? 'shl' : scalar === 'i32' ? 'shr_s' : 'shr_u';
  const amounts = componentsOf(b, amount).map(nodeOf);
  if (type.kind !== 'vector') return leaf(type, b.op(`i32.${name}`, nodeOf(value), amounts[0]!));
  if (amounts.every(one => one === amounts[0])) return leaf(type, b.op(`i32x4.${name}`, nodeOf(value), amounts[0]!));
  const parts = componentsOf(b, value).map((part, i) => b.op(`i32.${name}`, nodeOf(part), amounts[i]!));
  return makeVector(b, type, parts);
}
