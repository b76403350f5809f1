import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crossEntropyLoss, nllLoss } from '../../src/autograd/losses.ts';
import { constant, parameter, Tape } from '../../src/autograd/tape.ts';
import { add } from '../../src/kernels/add.ts';
import { linear } from '../../src/kernels/linear.ts';
import { logSoftmax } from '../../src/kernels/log_softmax.ts';
import { reluBackward } from '../../src/kernels/relu_backward.ts';
import { Head } from '../../src/nn/head.ts';
import { Device } from '../../src/runtime/device.ts';
import fixtures from '../train/fixtures/training.json' with { type: 'json' };
import { pattern, patternHead, patternTargets } from '../train/pattern.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

/** Expects differences of at most 1e-5 of the largest value. The documented accuracy is 1e-4. */
function expectClose(got: Float32Array, expected: readonly number[]): void {
  expect(got.length).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  for (const [i, value] of got.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-5 * size);
}

describe('the head', () => {
  it("has PyTorch's loss and gradients", async () => {
    const expected = fixtures.gradients;
    const head = new Head(device, patternHead(3, 33));
    const x = parameter(device.tensor(pattern(330, 3), [10, 33]));
    const tape = new Tape(device);
    const y = head.record(tape, x);
    const loss = nllLoss(tape, y, constant(device.tensor(patternTargets(10, 3, 4), [10])));
    const gradients = tape.backward(loss);
    expectClose(await loss.tensor.read(), [expected.loss]);
    expectClose(await y.tensor.read(), expected.y);
    expectClose(await gradients.get(x)!.read(), expected.gradX);
    expectClose(await gradients.get(head.weight)!.read(), expected.gradWeight);
    expectClose(await gradients.get(head.bias)!.read(), expected.gradBias);
    expect(gradients.size).toBe(3);
  });

  it('returns the same gradients by cross entropy on logits', async () => {
    const head = new Head(device, patternHead(3, 33));
    const tape = new Tape(device);
    const x = constant(device.tensor(pattern(330, 3), [10, 33]));
    const logits = tape.apply(linear, { x, weight: head.weight, bias: head.bias }, {});
    const loss = crossEntropyLoss(tape, logits, constant(device.tensor(patternTargets(10, 3, 4), [10])));
    const gradients = tape.backward(loss);
    expectClose(await gradients.get(head.weight)!.read(), fixtures.gradients.gradWeight);
    expect([...gradients.keys()]).toEqual([head.weight, head.bias]);
  });

  it('frees all memory after a step', () => {
    const head = new Head(device, patternHead(2, 64));
    const tape = new Tape(device);
    const x = device.tensor(pattern(256, 3), [4, 64]);
    const targets = device.tensor(patternTargets(4, 2, 4), [4]);
    const before = device.memoryUse.liveBytes;
    device.scope(() => {
      tape.backward(nllLoss(tape, head.record(tape, constant(x)), constant(targets)));
    });
    expect(device.memoryUse.liveBytes).toBe(before);
  });
});

describe('the tape', () => {
  const row = (...values: number[]) => device.tensor(Float32Array.from(values), [1, values.length]);

  it('adds the gradients of a variable that is used twice', async () => {
    const tape = new Tape(device);
    const x = parameter(row(1, 2));
    const twice = tape.apply(add, { a: x, b: x }, {});
    const sum = tape.apply(linear, { x: twice, weight: constant(row(3, 5)) }, {});
    expect([...(await tape.backward(sum).get(x)!.read())]).toEqual([6, 10]);
  });

  it('skips operations that the loss does not depend on', () => {
    const tape = new Tape(device);
    const [x, unused] = [parameter(row(1, 2)), parameter(row(3, 4))];
    tape.apply(logSoftmax, { x: unused }, {});
    const loss = tape.apply(linear, { x, weight: constant(row(3, 5)) }, {});
    expect([...tape.backward(loss).keys()]).toEqual([x]);
  });

  it('is empty after one call of backward', () => {
    const tape = new Tape(device);
    const x = parameter(row(1, 2));
    const loss = tape.apply(linear, { x, weight: constant(row(3, 5)) }, {});
    tape.backward(loss);
    expect([...tape.backward(loss).keys()]).toEqual([loss]);
  });

  it('rejects a loss of more than one element', () => {
    const tape = new Tape(device);
    const y = tape.apply(logSoftmax, { x: parameter(row(1, 2)) }, {});
    expect(() => tape.backward(y)).toThrow('backward: the loss must have one element, got [1, 2]');
  });

  it('rejects a loss that does not depend on a parameter', () => {
    const tape = new Tape(device);
    const loss = tape.apply(linear, { x: constant(row(1, 2)), weight: constant(row(3, 5)) }, {});
    expect(() => tape.backward(loss)).toThrow(
      'backward: the loss does not depend on a parameter. Create what is trained with parameter()',
    );
  });

  it('rejects an operation without a gradient rule if an input requires a gradient', () => {
    const tape = new Tape(device);
    const [gradOutput, y] = [constant(row(1, 2)), constant(row(3, 4))];
    expect(tape.apply(reluBackward, { gradOutput, y }, {}).requiresGrad).toBe(false);
    expect(() => tape.apply(reluBackward, { gradOutput, y: parameter(y.tensor) }, {})).toThrow(
      'tape: relu_backward has no gradient rule. Known: linear, log_softmax, nll_loss, relu, sigmoid, add',
    );
  });

  it('rejects targets that require a gradient', () => {
    const tape = new Tape(device);
    const targets = parameter(device.tensor(Float32Array.of(1), [1]));
    const loss = nllLoss(tape, constant(row(-1, -2)), targets);
    expect(() => tape.backward(loss)).toThrow('backward: nll_loss has no gradient with respect to targets');
  });
});
