import type { AnyKernel } from '../runtime/pipelines.ts';
import type { Shape } from '../runtime/shape.ts';
import type { Array64 } from './array64.ts';

/** The values of one input. A bare shape stands for normal noise from a fixed seed. */
export type InputSpec =
  | readonly number[]
  | { readonly shape: readonly number[]; readonly values: ArrayLike<number> }
  /** For a binding of `array<u32>`; the reference reads the same integers. */
  | { readonly shape: readonly number[]; readonly words: ArrayLike<number> }
  | { readonly shape: readonly number[]; readonly fill: (index: number, random: () => number) => number };

export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** One row of a kernel's table: the tests run it in Node and in Chromium. */
export interface Case<Options = unknown> {
  /** Why the case exists; the name of the test. */
  readonly why: string;
  readonly inputs: InputSpecs;
  readonly options: Options;
  /** The whole message of the ShapeError that `plan` throws. */
  readonly error?: string;
  /** The case has the size of a ResNet layer, and takes no path through the shader that the small cases do not take. */
  readonly large?: boolean;
}

/** One row of the bench: a shape that the kernel meets in ResNet, in training a head, or in preparing images. */
export interface PerfRow<Options = unknown> {
  readonly inputs: InputSpecs;
  readonly options: Options;
  /** Tells the row from others of the same shape; part of the row's name. */
  readonly why?: string;
  /** Useful operations. A multiply-add counts as two. */
  readonly flop?: number;
  /** Modules of ResNet that run this row. */
  readonly modules?: readonly string[];
}

/** Everything that checks and times one kernel. */
export interface CaseTable<Options = unknown> {
  readonly kernel: AnyKernel;
  /** Plain loops in f64. Returns every output, and every inout with its values after the dispatch. */
  readonly reference: (inputs: never, options: Options) => Record<string, Array64>;
  /** Outputs must equal the reference, rounded to f32, in every bit. Otherwise `bound` applies. */
  readonly exact?: boolean;
  /** The largest normalised mean square error, 1e-10 by default. A table with another bound says why. */
  readonly bound?: number;
  readonly cases: readonly Case<Options>[];
  /** Variants of conv2d have none: the bench times them on the convolutions of a network. */
  readonly perf: readonly PerfRow<Options>[];
}

/** A row as a table writes it: `options` may be missing if every option has a default. */
type Written<Row extends { readonly options: unknown }> =
  Record<never, never> extends Row['options'] ? Omit<Row, 'options'> & Partial<Row> : Row;

interface WrittenTable<Options> extends Omit<CaseTable<Options>, 'cases' | 'perf'> {
  readonly cases: readonly Written<Case<Options>>[];
  readonly perf?: readonly Written<PerfRow<Options>>[];
}

/** Defines the table of a kernel. */
export function caseTable<Options = Record<never, never>>(table: WrittenTable<Options>): CaseTable {
  const complete = <Row>(rows: readonly Row[] = []) => rows.map(row => ({ options: {}, ...row }));
  return { ...table, cases: complete(table.cases), perf: complete(table.perf) } as unknown as CaseTable;
}

/** Returns the shapes of a row's inputs, by name. */
export function shapesOf({ inputs }: Pick<Case, 'inputs'>): Record<string, Shape> {
  return Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, 'shape' in spec ? spec.shape : spec]));
}

/** Returns noise of integers from 0 to 255. */
export function pixels(...shape: number[]): InputSpec {
  return { shape, fill: (_, random) => Math.floor(256 * random()) };
}

/** Returns `count` class numbers, spread over all classes. */
export function classNumbers(count: number, classes: number): InputSpec {
  return { shape: [count], fill: i => (i * 7) % classes };
}
