/** A number, or the components of a vector or matrix. Bools are 0 and 1. */
export type Words = number | readonly number[];

/** An expected float with a tolerance in units in the last place, or as an absolute error. */
export interface Near {
  readonly value: Words;
  readonly ulps?: number;
  readonly absolute?: number;
}

export type Row = readonly [args: readonly Words[], expected: Words | Near];

/** One overload of a function or an operator, with its edge cases. Types are WGSL's; `$0`, `$1` … are the arguments. */
export interface Group {
  readonly call: string;
  readonly takes: readonly string[];
  readonly gives: string;
  /** Results that WGSL defines both at run time and in const-expressions; Dawn must return them too. */
  readonly rows: readonly Row[];
  /**
   * Results that WGSL leaves open (NaN, infinities, subnormals, overflow), where the wasm device follows IEEE 754. They
   * are tested at run time only, because const-expressions must not have them.
   */
  readonly open?: readonly Row[];
  /** Results that are defined at run time, but rejected if all arguments are constant. */
  readonly runTime?: readonly Row[];
  /** Arguments that must be rejected in const-expressions. */
  readonly refused?: readonly (readonly Words[])[];
  /** Indices of arguments that stay scalars when the others become vectors; absent if the group has no vector form. */
  readonly scalars?: readonly number[];
  /** Indices of rows for which Dawn on SwiftShader returns a wrong result. */
  readonly dawnIsOff?: readonly number[];
}

export function near(value: Words, ulps: number, absolute = 0): Near {
  return { value, ulps, absolute };
}

/** Makes a group that is also tested with vectors, component by component. */
export function componentwise(
  call: string,
  takes: readonly string[],
  gives: string,
  rows: readonly Row[],
  more: Partial<Group> = {},
): Group {
  return { call, takes, gives, rows, scalars: [], ...more };
}

export function group(
  call: string,
  takes: readonly string[],
  gives: string,
  rows: readonly Row[],
  more: Partial<Group> = {},
): Group {
  return { call, takes, gives, rows, ...more };
}

export const INT_MIN = -(2 ** 31);
export const INT_MAX = 2 ** 31 - 1;
export const UINT_MAX = 2 ** 32 - 1;
export const LARGEST = 3.4028234663852886e38;
export const SMALLEST_NORMAL = 2 ** -126;
export const TINY = 2 ** -149;
export const NAN = Number.NaN;
export const INF = Infinity;
