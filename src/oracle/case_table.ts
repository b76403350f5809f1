import type { AnyKernel } from '../runtime/pipelines.ts';
import type { Shape } from '../runtime/shape.ts';
import type { Array64 } from './array64.ts';

/** How an input's values are made: a shape alone is seeded normal noise. */
export type InputSpec =
  | readonly number[]
  | { readonly shape: readonly number[]; readonly values: ArrayLike<number> }
  /** For a binding of `array<u32>`; the reference sees the same whole numbers. */
  | { readonly shape: readonly number[]; readonly words: ArrayLike<number> }
  | { readonly shape: readonly number[]; readonly fill: (index: number, random: () => number) => number };

/** One row of an operation's table: it serves the test in Node, the test in Chromium, and the bench. */
export interface Case<Options = unknown> {
  /** Why the case is there; the test's name. */
  readonly why: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly options: Options;
  /** The whole message of the ShapeError that planning throws. */
  readonly error?: string;
}

export interface CaseTable<Options = unknown> {
  readonly kernel: AnyKernel;
  /** Plain loops in f64. The result names every output, and every inout as it is afterwards. */
  readonly reference: (inputs: never, options: Options) => Record<string, Array64>;
  /** Outputs are copies of inputs: equal to the last bit. Otherwise the normalised mean square error is bounded. */
  readonly exact?: boolean;
  /** Normalised mean square error; 1e-10 unless said, with the reason. */
  readonly bound?: number;
  readonly cases: readonly Case<Options>[];
}

export function caseTable<Options>(table: CaseTable<Options>): CaseTable {
  return table as unknown as CaseTable;
}

/** Shapes of a case's inputs, by name. */
export function shapesOf({ inputs }: Pick<Case, 'inputs'>): Record<string, Shape> {
  return Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, 'shape' in spec ? spec.shape : spec]));
}
