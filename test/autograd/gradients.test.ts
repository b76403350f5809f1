import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRADIENT_RULES } from '../../src/autograd/gradients.ts';
import { Array64 } from '../../src/oracle/array64.ts';
import { add } from '../../src/oracle/reference/add.ts';
import { linear } from '../../src/oracle/reference/linear.ts';
import { logSoftmax } from '../../src/oracle/reference/log_softmax.ts';
import { nllLoss } from '../../src/oracle/reference/nll_loss.ts';
import { relu } from '../../src/oracle/reference/relu.ts';
import { Device } from '../../src/runtime/device.ts';
import { pattern } from '../train/pattern.ts';

interface Row {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Inputs that are no real numbers, and have no gradient. */
  readonly given?: Readonly<Record<string, readonly number[]>>;
  readonly reference: (inputs: never, options: never) => { y: Array64 };
}

/** A row for every rule. The pattern keeps away from 0, where relu has a corner. */
const rows: Readonly<Record<string, Row>> = {
  linear: { shapes: { x: [5, 7], weight: [3, 7], bias: [3] }, reference: linear },
  log_softmax: { shapes: { x: [4, 5] }, reference: logSoftmax },
  nll_loss: { shapes: { x: [4, 3] }, given: { targets: [2, 0, 1, 2] }, reference: nllLoss },
  relu: { shapes: { x: [3, 11] }, reference: relu },
  add: { shapes: { a: [2, 9], b: [2, 9] }, reference: add },
};

const STEP = 1e-5;

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

it('has a row for every rule', () => expect(Object.keys(rows)).toEqual(Object.keys(GRADIENT_RULES)));

describe('the rule agrees with finite differences', () => {
  for (const [name, { shapes, given = {}, reference }] of Object.entries(rows)) {
    const inputs: Record<string, Array64> = {};
    for (const [input, shape] of Object.entries(shapes)) {
      const size = shape.reduce((a, b) => a * b, 1);
      inputs[input] = new Array64(shape, Float64Array.from(pattern(size, 50 + input.length)));
    }
    for (const [input, values] of Object.entries(given))
      inputs[input] = new Array64([values.length], Float64Array.from(values));
    const y = reference(inputs as never, {} as never).y;
    const gradOutput = Float64Array.from(pattern(y.data.length, 60));
    /** What the chain rule differentiates: the output weighed by its gradient. */
    const scalar = () =>
      reference(inputs as never, {} as never).y.data.reduce((sum, value, i) => sum + value * gradOutput[i]!, 0);

    for (const input of Object.keys(shapes))
      it(`${name} by ${input}`, async () => {
        const { data } = inputs[input]!;
        const expected = data.map((value, i) => {
          data[i] = value + STEP;
          const above = scalar();
          data[i] = value - STEP;
          const below = scalar();
          data[i] = value;
          return (above - below) / (2 * STEP);
        });
        const upload = ({ shape, data }: Array64) => device.tensor(Float32Array.from(data), shape);
        const tensors = Object.fromEntries(
          Object.entries({ ...inputs, y }).map(([key, array]) => [key, upload(array)]),
        );
        const rule = GRADIENT_RULES[name]!(device, tensors, upload(new Array64(y.shape, gradOutput)));
        const gradient = await rule[input]!().read();
        expect(gradient.length).toBe(expected.length);
        const size = Math.max(...expected.map(Math.abs));
        for (const [i, value] of gradient.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6 * size);
      });
  }
});
