import { nameOf, type Scalar, type Type } from './types.ts';

/** How tightly an expression's outermost operator binds, by WGSL's grammar. */
export const BINDS = { logic: 2, bits: 3, relation: 4, shift: 5, sum: 6, product: 7, unary: 8, primary: 9 } as const;

/** An expression of the generated program. */
export interface Value {
  readonly code: string;
  readonly type: Type;
  readonly binds: number;
  /** The binary operator on the outside, of those that chain with themselves alone. */
  readonly operator?: string;
  /** A const-expression: what it must not do, it must not do when the shader is made. */
  readonly isConst: boolean;
  /** Its value, of const-expressions whose value has been worked out; a bool's is 0 or 1. */
  readonly known?: number;
  /**
   * Of floats: magnitudes are at most `bound` and whole multiples of 2^-`places`. While bound * 2^places is at most 2^24 every
   * implementation computes the same, fused, reassociated or not.
   */
  readonly bound: number;
  readonly places: number;
}

/** What floats in variables are held to. */
export const KEPT = { bound: 64, places: 3 } as const;
export const EXACT = 2 ** 24;

export function primary(code: string, type: Type, more: Partial<Value> = {}): Value {
  return { code, type, binds: BINDS.primary, isConst: false, ...KEPT, ...more };
}

export function isExact(bound: number, places: number): boolean {
  return bound * 2 ** places <= EXACT;
}

/** The code, in parentheses where it binds less tightly than asked for. */
export function atLeast(value: Value, binds: number, operator?: string): string {
  const chains = operator !== undefined && value.operator === operator;
  return value.binds >= binds || chains ? value.code : `(${value.code})`;
}

/** A literal that has the type. */
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

/** `code` from the context of the kernel: the same value, but not known when the shader is made. */
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

/** What WGSL computes of two known scalars; undefined where the shader must be refused. */
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
      throw new Error(`no such operator: ${operator}`);
  }
}
