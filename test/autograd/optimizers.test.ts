import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nllLoss } from '../../src/autograd/losses.ts';
import { Adam, type Optimizer, SGD } from '../../src/autograd/optimizers.ts';
import { StepLR } from '../../src/autograd/schedulers.ts';
import { constant, Tape, type Variable } from '../../src/autograd/tape.ts';
import { Head } from '../../src/nn/head.ts';
import { Device } from '../../src/runtime/device.ts';
import fixtures from '../train/fixtures/training.json' with { type: 'json' };
import { pattern, patternHead, patternTargets } from '../train/pattern.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

/** The same as in scripts/make_training_fixtures.py. */
const optimizers: Record<keyof typeof fixtures.optimizers, (parameters: readonly Variable[]) => Optimizer> = {
  adam: parameters => new Adam(device, parameters),
  adamDecay: parameters => new Adam(device, parameters, { lr: 3e-3, betas: [0.8, 0.99], eps: 1e-6, weightDecay: 0.1 }),
  sgd: parameters => new SGD(device, parameters, { lr: 1e-2 }),
  sgdMomentum: parameters => new SGD(device, parameters, { lr: 1e-2, momentum: 0.9, dampening: 0.5, weightDecay: 0.1 }),
  sgdNesterov: parameters => new SGD(device, parameters, { lr: 1e-2, momentum: 0.9, nesterov: true }),
};

describe("ten training steps of the head have PyTorch's losses", () => {
  for (const [name, make] of Object.entries(optimizers))
    it(name, async () => {
      const expected = fixtures.optimizers[name as keyof typeof optimizers];
      const head = new Head(device, patternHead(2, 2048));
      const tape = new Tape(device);
      const optimizer = make(head.parameters);
      const before = device.memoryUse.liveBytes;
      const losses: number[] = [];
      for (let step = 0; step < 10; step++) {
        const loss = device.scope(() => {
          const x = constant(device.tensor(pattern(64 * 2048, 10 + step), [64, 2048]));
          const y = head.record(tape, x);
          const loss = nllLoss(tape, y, constant(device.tensor(patternTargets(64, 2, 30 + step), [64])));
          optimizer.step(tape.backward(loss));
          return loss.tensor;
        });
        losses.push((await loss.read())[0]!);
        loss.dispose();
      }
      expect(device.memoryUse.liveBytes).toBe(before);
      for (const [step, loss] of losses.entries()) expect(Math.abs(loss - expected.losses[step]!)).toBeLessThan(1e-5);
      const { weight, bias } = await head.values();
      const start = [...weight.subarray(0, 16), ...weight.subarray(2048, 2064), ...bias];
      for (const [i, value] of [...expected.weight, ...expected.bias].entries()) expect(start[i]).toBeCloseTo(value, 5);
    });
});

it("StepLR has PyTorch's learning rates", () => {
  const optimizer = { lr: 1e-3 };
  const scheduler = new StepLR(optimizer, { stepSize: 4, gamma: 0.1 });
  const rates = Array.from({ length: 10 }, () => {
    const { lr } = optimizer;
    scheduler.step();
    return lr;
  });
  for (const [epoch, rate] of rates.entries()) expect(rate).toBeCloseTo(fixtures.stepLR[epoch]!, 15);
});

it('an optimiser keeps parameters without a gradient, and frees its state', async () => {
  const before = device.memoryUse.liveBytes;
  const head = new Head(device, patternHead(2, 8));
  const optimizer = new Adam(device, head.parameters);
  optimizer.step(new Map());
  expect((await head.values()).weight).toEqual(patternHead(2, 8).weight);
  optimizer.dispose();
  head.dispose();
  expect(device.memoryUse.liveBytes).toBe(before);
});

describe('rejects options out of range', () => {
  it('adam', () => {
    expect(() => new Adam(device, [], { lr: -1 })).toThrow('adam: lr must be at least 0, got -1');
    expect(() => new Adam(device, [], { betas: [0.9, 1] })).toThrow(
      'adam: each of betas must be in [0, 1), got [0.9, 1]',
    );
  });
  it('sgd', () => {
    expect(() => new SGD(device, [], { lr: Number.NaN })).toThrow('sgd: lr must be at least 0, got NaN');
    expect(() => new SGD(device, [], { lr: 1, nesterov: true })).toThrow(
      'sgd: nesterov needs a momentum and no dampening, got momentum 0, dampening 0',
    );
  });
  it('step lr', () => {
    expect(() => new StepLR({ lr: 1 }, { stepSize: 0 })).toThrow(
      'step lr: stepSize must be an integer of at least 1, got 0',
    );
  });
});
