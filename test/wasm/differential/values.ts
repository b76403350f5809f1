import { nameOf, type Scalar, type Type } from './types.ts';

/** The precedence of an expression's outermost operator in WGSL's grammar; a higher number binds more tightly. */
export const BINDS = { logic: 2, bits: 3, relation: 4, shift: 5, sum: 6, product: 7, unary: 8, primary: 9 } as const;

/** An expression of the generated program. */
export interface Value {
  readonly code: string;
  readonly type: Type;
  readonly binds: number;
  /** The outermost binary operator, if it is one that chains only with itself. */
  readonly operator?: string;
  /** Whether this is a const-expression, for which WGSL's rules apply when the shader is created. */
  readonly isConst: boolean;
  /** The value of a const-expression, if it has been computed; 0 or 1 for a bool. */
  readonly known?: number;
  /**
   * For floats: all values are multiples of 2^-`places` of magnitude at most `bound`. While bound * 2^places is at most
   * 2^24, every implementation computes the same result, whether it fuses or reassociates operations or not.
   */
  readonly bound: number;
  readonly places: number;
}

/** The range of floats in variables. */
export const KEPT = { bound: 64, places: 3 } as const;
const EXACT = 2 ** 24;

export function primary(code: string, type: Type, more: Partial<Value> = {}): Value {
  return { code, type, binds: BINDS.primary, isConst: false, ...KEPT, ...more };
}

export function isExact(bound: number, places: number): boolean {
  return bound * 2 ** places <= EXACT;
}

/** Returns the code, in parentheses if its operator binds less tightly than `binds`. */
export function atLeast(value: Value, binds: number, operator?: string): string {
  const chains = operator !== undefined && value.operator === operator;
  return value.binds >= binds || chains ? value.code : `(${value.code})`;
}

/** Returns a literal of the type. */
export function literal(scalar: Scalar, number: number): Value {
  const type = { kind: 'shaped', scalar, size: 1 } as const;
  const more = { isConst: true, known: number };
  if (scalar === 'bool') return primary(number ? 'true' : 'false', type, more);
  if (scalar === 'u32') return primary(`${number >>> 0}u`, type, { ...more, known: number >>> 0 });
  if (scalar === 'i32') {
    if (number === -(2 ** 31)) return primary('i32(-2147483648)', type, more);
    return { ...primary(`${number}i`, type, more), binds: number < 0 ? BINDS.unary : BINDS.primary };
  }
  const places = Number.isInteger(number) ? 0 : 3;
  return {
    ...primary(`${number}f`, type, { ...more, bound: Math.abs(number), places }),
    binds: number < 0 ? BINDS.unary : BINDS.primary,
  };
}

/** Returns an expression with the same value that is not a const-expression: it involves a zero read from a buffer. */
export function atRunTime(value: Value): Value {
  if (!value.isConst || value.type.kind !== 'shaped') return value;
  const { scalar, size } = value.type;
  const splat = (zero: string) => (size === 1 ? zero : `${nameOf(value.type)}(${zero})`);
  const code =
    scalar === 'bool'
      ? `(${atLeast(value, BINDS.unary)} | ${splat('(input.zero_u == 1u)')})`
      : `(${atLeast(value, BINDS.sum)} + ${splat(`input.zero_${scalar[0]}`)})`;
  return { ...value, code, binds: BINDS.primary, operator: undefined, isConst: false, known: undefined };
}

/** Returns what WGSL computes from two known scalars; undefined if the shader must be refused. */
export function evaluate(operator: string, scalar: Scalar, x: number, y: number): number | undefined {
  const wrap = (value: number) => (scalar === 'i32' ? value | 0 : scalar === 'u32' ? value >>> 0 : value);
  switch (operator) {
    case '+':
      return wrap(x + y);
    case '-':
      return wrap(x - y);
    case '*':
      return scalar === 'f32' ? x * y : wrap(Math.imul(x, y));
    case '/':
    case '%':
      if (y === 0 || (x === -(2 ** 31) && y === -1)) return undefined;
      return operator === '/' ? Math.trunc(x / y) + 0 : (x % y) + 0;
    case '&':
      return wrap(x & y);
    case '|':
      return wrap(x | y);
    case '^':
      return wrap(x ^ y);
    case '<<': {
      if (y > 31) return undefined;
      const exact = x * 2 ** y;
      return wrap(exact % 2 ** 32) === exact ? exact : undefined;
    }
    case '>>':
      return y > 31 ? undefined : scalar === 'i32' ? x >> y : x >>> y;
    case '==':
      return Number(x === y);
    case '!=':
      return Number(x !== y);
    case '<':
      return Number(x < y);
    case '>':
      return Number(x > y);
    case '<=':
      return Number(x <= y);
    case '>=':
      return Number(x >= y);
    default:
      throw new Error(`unknown operator "${operator}"`);
  }
}
