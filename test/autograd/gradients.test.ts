import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRADIENT_RULES } from '../../src/autograd/gradients.ts';
import { Array64 } from '../../src/oracle/array64.ts';
import type { Case, CaseTable } from '../../src/oracle/case_table.ts';
import { caseTableOf } from '../../src/oracle/case_tables.ts';
import { expectationOf, makeInput } from '../../src/oracle/check.ts';
import { Device } from '../../src/runtime/device.ts';

/** Inputs that are not real numbers, and have no gradient. */
const WITHOUT_GRADIENT: Readonly<Record<string, readonly string[]>> = { nll_loss: ['targets'] };

/** The reference runs twice for each element of the inputs: larger cases take too long. */
const MOST_ELEMENTS = 2500;
/** Differences of larger numbers lose their digits, and those of NaN and infinities have none. */
const LARGEST = 2000;
const STEP = 1e-5;
/**
 * Relative to the largest gradient, because the device computes in f32; and what finite differences of a zero gradient
 * leave.
 */
const TOLERANCE = { relative: 1e-6, absolute: 1e-9 };

interface Differentiable {
  readonly row: Case;
  readonly inputs: Readonly<Record<string, Array64>>;
  readonly y: Array64;
  /** The upstream gradient. */
  readonly gradOutput: Array64;
}

/** Returns a case's inputs and output in f64, or undefined if finite differences say nothing about it. */
function differentiable(table: CaseTable, row: Case): Differentiable | undefined {
  if (row.error !== undefined || row.large) return undefined;
  const elements = Object.values(row.inputs).map(spec =>
    ('shape' in spec ? spec.shape : spec).reduce((a, b) => a * b, 1),
  );
  if (elements.reduce((a, b) => a + b) > MOST_ELEMENTS) return undefined;
  const { inputs, expected } = expectationOf(table, row);
  const arrays = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [name, new Array64(shape, Float64Array.from(data))]),
  );
  const y = expected.y!;
  if ([...Object.values(arrays), y].some(({ data }) => !data.every(value => Math.abs(value) <= LARGEST)))
    return undefined;
  const gradOutput = new Array64(y.shape, Float64Array.from(makeInput(y.shape, 60).data));
  return { row, inputs: arrays, y, gradOutput };
}

/**
 * Returns the gradient of sum(y * gradOutput) with respect to one input, by central differences of the f64 reference.
 */
function finiteDifferences({ reference }: CaseTable, { row, inputs, gradOutput }: Differentiable, input: string) {
  const { data } = inputs[input]!;
  const outputs = () => reference(inputs as never, row.options).y!.data;
  return data.map((value, i) => {
    data[i] = value + STEP;
    const above = outputs();
    data[i] = value - STEP;
    const below = outputs();
    data[i] = value;
    return gradOutput.data.reduce((sum, g, o) => sum + g * (above[o]! - below[o]!), 0) / (2 * STEP);
  });
}

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

describe.each(Object.entries(GRADIENT_RULES))('the gradient rule of %s', async (kernel, rule) => {
  const table = await caseTableOf(kernel);
  const cases = table.cases.map(row => differentiable(table, row)).filter(each => each !== undefined);

  it('is tested on cases of its table', () => expect(cases.length).toBeGreaterThanOrEqual(3));

  it.each(cases.map(each => [each.row.why, each] as const))('agrees with finite differences: %s', async (_, each) => {
    const { inputs, y, gradOutput } = each;
    const upload = ({ shape, data }: Array64) => device.tensor(Float32Array.from(data), shape);
    const tensors = Object.fromEntries(Object.entries({ ...inputs, y }).map(([name, array]) => [name, upload(array)]));
    const gradients = rule(device, tensors, upload(gradOutput));
    for (const input of Object.keys(inputs).filter(name => !WITHOUT_GRADIENT[kernel]?.includes(name))) {
      const expected = finiteDifferences(table, each, input);
      const gradient = await gradients[input]!().read();
      expect(gradient.length).toBe(expected.length);
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const errors = expected.map((value, i) => Math.abs(gradient[i]! - value));
      expect(Math.max(...errors), `by ${input}`).toBeLessThanOrEqual(TOLERANCE.relative * largest + TOLERANCE.absolute);
    }
  });
});
