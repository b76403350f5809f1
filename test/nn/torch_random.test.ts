import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { initialHead } from '../../src/nn/head.ts';
import { TorchRandom } from '../../src/nn/torch_random.ts';
import { Device } from '../../src/runtime/device.ts';
import { fit } from '../../src/train/fit.ts';
import fixtures from '../train/fixtures/torch_random.json' with { type: 'json' };
import { blobs } from '../train/pattern.ts';

const classes = ['NORMAL', 'PNEUMONIA'];
const sha256 = (values: Float32Array | Uint32Array) =>
  createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');

describe.each(fixtures.draws)('PyTorch after manual_seed($seed)', ({ seed, uniforms, weight, bias, orders }) => {
  it('draws these uniforms', () => {
    expect([...new TorchRandom(seed).uniform(8, 1)].map(value => (value + 1) / 2)).toEqual(uniforms);
  });

  it('initialises Linear(2048, 2) with these bits, and visits the rows in these orders', () => {
    const random = new TorchRandom(seed);
    const head = initialHead({ classes, featureCount: 2048, random });
    expect([...head.weight.subarray(0, 4)]).toEqual(weight.first);
    expect(sha256(head.weight)).toBe(weight.sha256);
    expect([...head.bias]).toEqual(bias);
    for (const [n, epochs] of [[5216, orders[5216]] as const, [10, orders[10]] as const])
      for (const { first, sha256: expected } of epochs) {
        const order = random.shuffledOrder(n);
        random.sequentialStart();
        expect([...order.subarray(0, 10)]).toEqual(first);
        expect(sha256(order)).toBe(expected);
      }
  });
});

describe('a seed', () => {
  it('is reduced to its low 32 bits', () => {
    const permutation = (seed: number) => new TorchRandom(seed).permutation(20);
    expect(permutation(2 ** 32 + 7)).toEqual(permutation(7));
    expect(permutation(-1)).toEqual(permutation(2 ** 32 - 1));
    expect(permutation(2 ** 53 - 1)).toEqual(permutation(2 ** 32 - 1));
  });

  it.each([0.5, Number.NaN, 2 ** 53])('is rejected if it is %d', seed => {
    expect(() => new TorchRandom(seed)).toThrow(`seed must be an integer within ±(2^53 - 1), got ${seed}`);
  });
});

describe('fit', () => {
  it("has PyTorch's losses, accuracies and weights from the seed alone", async () => {
    const { seed, history, weight, bias } = fixtures.fit;
    const device = await Device.open({ adapter: 'swiftshader' });
    try {
      const options = { epochs: history.length, batchSize: 32, lr: 0.05, stepSize: 2, gamma: 0.5, seed };
      const result = await fit(device, { classes, train: blobs(150, 71), val: blobs(41, 72) }, options);
      for (const [epoch, expected] of history.entries())
        for (const phase of ['train', 'val'] as const) {
          const got = result.history[epoch]![phase];
          expect(got.accuracy).toBe(expected[phase].accuracy);
          expect(Math.abs(got.loss - expected[phase].loss)).toBeLessThan(1e-5);
        }
      const got = [...result.last.weight, ...result.last.bias];
      for (const [i, value] of [...weight, ...bias].entries()) expect(Math.abs(got[i]! - value)).toBeLessThan(1e-4);
    } finally {
      device.dispose();
    }
  });
});
