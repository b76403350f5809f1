import { messageOf } from '../errors/index.ts';
import { hasFeatureOf } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';
import { elementCount, type Shape } from '../runtime/shape.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { Array64 } from './array64.ts';
import { type Case, type CaseTable, type InputSpec, shapesOf } from './case_table.ts';

/**
 * Guard elements on either side of an output. 256 bytes is the coarsest alignment that WebGPU lets an adapter require.
 */
const GUARD = 64;
const GUARD_VALUE = -1.2345e30;

/** The part of a case or a perf row that determines its results. */
type Row = Pick<Case, 'inputs' | 'options'>;

/**
 * Checks one case on several devices and returns what is wrong, one text per failing device. The reference runs once
 * for all of them. Devices that lack the kernel's feature are skipped; if every device lacks it, that is a failure.
 */
export async function failuresOf(devices: readonly Device[], table: CaseTable, row: Case): Promise<readonly string[]> {
  if (row.error !== undefined) return [planFailure(table, row)].filter(failure => failure !== undefined);
  const { kernel } = table;
  const capable = devices.filter(({ adapter }) => hasFeatureOf(kernel, adapter));
  if (capable.length === 0) return [`no adapter here has the feature "${kernel.feature}"`];
  const expectation = expectationOf(table, row);
  const failures: string[] = [];
  for (const device of capable) {
    const { failure } = await checkCase(device, table, row, expectation);
    if (failure) failures.push(`${device.adapter.description}: ${failure}`);
  }
  return failures;
}

/** A row's inputs as a device receives them, and the results of the f64 reference for them. */
interface Expectation {
  readonly inputs: Readonly<Record<string, { readonly shape: Shape; readonly data: Float32Array | Uint32Array }>>;
  readonly expected: Readonly<Record<string, Array64>>;
}

/** Makes a row's inputs and runs the reference on them. */
export function expectationOf({ reference }: CaseTable, row: Row): Expectation {
  const inputs = makeInputs(row);
  const arrays = mapValues(inputs, ({ shape, data }) => new Array64(shape, Float64Array.from(data)));
  return { inputs, expected: reference(arrays as never, row.options) };
}

/**
 * Runs one row on a device and compares every output with the f64 reference. Outputs start as NaN between guard values,
 * so that elements left out and writes outside the tensor are found.
 */
export async function checkCase(
  device: Device,
  table: CaseTable,
  row: Row,
  { inputs, expected } = expectationOf(table, row),
): Promise<Comparison> {
  const { kernel } = table;
  const inouts: readonly string[] = kernel.inouts ?? [];
  const guarded = new Map<string, Guarded>();
  const bound: Record<string, Tensor> = {};
  for (const [name, { shape, data }] of Object.entries(inputs)) {
    if (inouts.includes(name)) {
      guarded.set(name, guard(device, shape, data));
      bound[name] = guarded.get(name)!.inner;
    } else bound[name] = device.tensor(data, shape, name);
  }
  const outputs: Record<string, Tensor> = {};
  for (const name of kernel.outputs as readonly string[]) {
    const { shape } = expected[name] ?? missing(name);
    guarded.set(name, guard(device, shape, new Float32Array(elementCount(shape)).fill(Number.NaN)));
    outputs[name] = guarded.get(name)!.inner;
  }
  try {
    device.run(kernel, bound, row.options as never, { label: kernel.name, outputs });
    let worst: Comparison = { normalisedError: 0, largestError: 0 };
    for (const [name, tensor] of guarded) {
      const found = compareGuarded(name, await tensor.whole.read(), expected[name] ?? missing(name), table);
      if (found.failure) return found;
      if (found.largestError >= worst.largestError) worst = found;
    }
    return worst;
  } finally {
    for (const tensor of Object.values(bound)) tensor.dispose();
    for (const { whole, inner } of guarded.values()) {
      inner.dispose();
      whole.dispose();
    }
  }
}

/** Makes all inputs of a row, by name. */
export function makeInputs({ inputs }: Pick<Row, 'inputs'>): Expectation['inputs'] {
  return Object.fromEntries(Object.entries(inputs).map(([name, spec], i) => [name, makeInput(spec, i + 1)]));
}

/**
 * Makes the values of one input, rounded to f32 (or u32 words as they are): device and reference read the same numbers.
 */
export function makeInput(spec: InputSpec, seed: number): { shape: Shape; data: Float32Array | Uint32Array } {
  const random = noise(seed);
  if (!('shape' in spec)) return { shape: spec, data: filled(spec, () => gaussian(random)) };
  if ('words' in spec) return { shape: spec.shape, data: Uint32Array.from(spec.words) };
  if ('values' in spec) return { shape: spec.shape, data: Float32Array.from(spec.values) };
  return { shape: spec.shape, data: filled(spec.shape, i => spec.fill(i, random)) };
}

/** How many buffers of one size an operation takes. */
const POISONED_BUFFERS = 3;

/**
 * Fills the buffer pool with NaN in buffers of a shape's size. Otherwise an element that a kernel leaves out could
 * contain the right answer of an earlier kernel.
 */
export async function poisonPool(device: Device, shape: Shape): Promise<void> {
  await device.trim();
  const nan = new Float32Array(elementCount(shape)).fill(Number.NaN);
  const poisoned = Array.from({ length: POISONED_BUFFERS }, () => device.tensor(nan, shape, 'poison'));
  for (const tensor of poisoned) tensor.dispose();
}

interface Guarded {
  readonly whole: Tensor;
  readonly inner: Tensor;
}

function guard(device: Device, shape: readonly number[], data: ArrayLike<number>): Guarded {
  const padded = new Float32Array(GUARD + data.length + GUARD).fill(GUARD_VALUE);
  padded.set(data, GUARD);
  const whole = device.tensor(padded, [padded.length], 'guarded');
  return { whole, inner: whole.view(shape, GUARD) };
}

function compareGuarded(name: string, padded: Float32Array, expected: Array64, tolerance: Tolerance): Comparison {
  const size = expected.data.length;
  const guards = [...padded.subarray(0, GUARD), ...padded.subarray(GUARD + size)];
  if (guards.some(value => value !== Math.fround(GUARD_VALUE))) return wrong(`${name}: wrote outside its tensor`);
  return compareValues(name, padded.subarray(GUARD, GUARD + size), expected, tolerance);
}

type Tolerance = Pick<CaseTable, 'exact' | 'bound'>;

export interface Comparison {
  /** Sum of squared differences over the sum of squares. */
  readonly normalisedError: number;
  /** The largest difference over the largest magnitude of the expected values. */
  readonly largestError: number;
  /** What is wrong, if anything. */
  readonly failure?: string;
}

/** Compares values of a device with those of the reference. NaN must appear exactly where the reference has it. */
export function compareValues(
  name: string,
  got: Float32Array,
  { data }: Array64,
  { exact, bound = 1e-10 }: Tolerance,
): Comparison {
  let [error, power, largest, scale] = [0, 0, 0, 0];
  if (got.length !== data.length) return wrong(`${name}: ${got.length} elements, expected ${data.length}`);
  for (let i = 0; i < data.length; i++) {
    const [value, want] = [got[i]!, data[i]!];
    if (Number.isNaN(value) !== Number.isNaN(want)) return wrong(`${name}: element ${i} is ${value}, expected ${want}`);
    if (exact && !Object.is(value, Math.fround(want)) && value !== want)
      return wrong(`${name}: element ${i} is ${value}, expected exactly ${want}`);
    if (Number.isNaN(want)) continue;
    const difference = Math.abs(value - want);
    error += difference ** 2;
    power += want ** 2;
    largest = Math.max(largest, difference);
    scale = Math.max(scale, Math.abs(want));
  }
  const normalisedError = power > 0 ? error / power : error;
  const largestError = scale > 0 ? largest / scale : largest;
  const failure = `${name}: normalised mean square error is ${normalisedError.toExponential(2)}, bound ${bound}`;
  return normalisedError <= bound ? { normalisedError, largestError } : { normalisedError, largestError, failure };
}

function wrong(failure: string): Comparison {
  return { normalisedError: Number.POSITIVE_INFINITY, largestError: Number.POSITIVE_INFINITY, failure };
}

/** Returns what is wrong with a case that `plan` must reject, if anything. */
function planFailure({ kernel }: CaseTable, row: Case): string | undefined {
  try {
    kernel.plan(shapesOf(row), row.options as never);
  } catch (error) {
    const message = messageOf(error);
    return message === row.error ? undefined : `message is "${message}", expected "${row.error}"`;
  }
  return `planned without an error, expected "${row.error}"`;
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

function missing(name: string): never {
  throw new Error(`the reference returns no ${name}`);
}

/** Returns a generator of numbers in [0, 1): xorshift32. */
function noise(seed: number): () => number {
  let state = (seed * 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function filled(shape: readonly number[], value: (index: number) => number): Float32Array {
  return Float32Array.from({ length: elementCount(shape) }, (_, i) => value(i));
}
