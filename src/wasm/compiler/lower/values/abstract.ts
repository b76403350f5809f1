import { fail, type Position } from '../../../interface/compile_error.ts';
import { BOOL, type ScalarName, scalarOf, type Type } from '../../check/types.ts';
import type { Builder } from '../../ir/builder.ts';
import { abstractNumber, leaf, partsOf, type Value } from './values.ts';

/** Evaluates a binary operator on abstract numbers in f64, which is exact for abstract ints up to 2^53. */
export function abstractBinary(
  b: Builder,
  operator: string,
  left: Value,
  right: Value,
  type: Type,
  position: Position,
): Value {
  if (type.kind === 'vector') {
    const part = (value: Value, i: number) => (value.kind === 'parts' ? value.parts[i]! : value);
    const components = Array.from({ length: type.size }, (_, i) =>
      abstractBinary(b, operator, part(left, i), part(right, i), { kind: 'scalar', scalar: type.scalar }, position),
    );
    return partsOf({ ...type, scalar: scalarOf(components[0]!.type)! }, components);
  }
  if (left.kind !== 'abstract' || right.kind !== 'abstract') throw new Error('not abstract');
  const comparison = compare(operator, left.number, right.number);
  if (comparison !== undefined) return leaf(BOOL, b.i32(Number(comparison)));
  const scalar = scalarOf(type)!;
  const number = calculate(operator, left.number, right.number, scalar, position);
  if (!Number.isFinite(number)) fail(position, `the constant expression must be finite, got ${number}`);
  if (scalar === 'abstract-int' && !Number.isSafeInteger(number))
    fail(position, `the constant ${number} is beyond 2^53, which is not supported`);
  return abstractNumber(scalar, number);
}

function compare(operator: string, x: number, y: number): boolean | undefined {
  switch (operator) {
    case '==':
      return x === y;
    case '!=':
      return x !== y;
    case '<':
      return x < y;
    case '>':
      return x > y;
    case '<=':
      return x <= y;
    case '>=':
      return x >= y;
    default:
      return undefined;
  }
}

function calculate(operator: string, x: number, y: number, scalar: ScalarName, position: Position): number {
  const isWhole = scalar === 'abstract-int';
  switch (operator) {
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y + 0;
    case '/':
      if (isWhole && y === 0) fail(position, 'division by zero');
      return isWhole ? Math.trunc(x / y) + 0 : x / y;
    case '%':
      if (isWhole && y === 0) fail(position, 'division by zero');
      return isWhole ? (x % y) + 0 : x % y;
    case '&':
    case '|':
    case '^':
      if (isWhole) return bitwise(operator, BigInt(x), BigInt(y));
  }
  return fail(position, `operator '${operator}' is not defined for ${scalar}`);
}

function bitwise(operator: '&' | '|' | '^', x: bigint, y: bigint): number {
  return Number(operator === '&' ? x & y : operator === '|' ? x | y : x ^ y);
}
