/** Numbers, vectors' components, and bools as 0 and 1. */
export type Words = number | readonly number[];

/** A float that may be off by units in the last place, or absolutely. */
export interface Near {
  readonly value: Words;
  readonly ulps?: number;
  readonly absolute?: number;
}

export type Row = readonly [args: readonly Words[], expected: Words | Near];

/** One overload of a function or an operator, with its edges. Types are WGSL's; `$0`, `$1` … are the arguments. */
export interface Group {
  readonly call: string;
  readonly takes: readonly string[];
  readonly gives: string;
  /** What WGSL defines, at run time as in const-expressions: Dawn must give it too. */
  readonly rows: readonly Row[];
  /**
   * What WGSL leaves open (NaN, infinities, numbers below the normal range, results past the largest f32), and what we do: IEEE 754.
   * At run time alone: a const-expression may not do it.
   */
  readonly open?: readonly Row[];
  /** What is defined at run time, but refused where all arguments are constant. */
  readonly runTime?: readonly Row[];
  /** Arguments that const-expressions must not have. */
  readonly refused?: readonly (readonly Words[])[];
  /** Arguments that stay scalars where the others become vectors; all stay as they are where this is not given. */
  readonly scalars?: readonly number[];
  /** What Dawn on SwiftShader does otherwise, and is wrong about: rows by their place. */
  readonly dawnIsOff?: readonly number[];
}

export function near(value: Words, ulps: number, absolute = 0): Near {
  return { value, ulps, absolute };
}

/** An overload that takes vectors as it takes scalars, component by component. */
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
