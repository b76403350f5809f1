import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialHead } from '../../src/nn/head.ts';
import { TorchRandom } from '../../src/nn/torch_random.ts';
import { Device } from '../../src/runtime/device.ts';
import { evaluate } from '../../src/train/evaluate.ts';
import { DeviceFeatures, type FeatureSet } from '../../src/train/feature_set.ts';
import { type EpochRecord, type FitOptions, fit } from '../../src/train/fit.ts';
import { BLOB_FEATURES, blobs } from './pattern.ts';

const classes = ['NORMAL', 'PNEUMONIA'];
const F = BLOB_FEATURES;

const data = { classes, train: blobs(150, 71), val: blobs(41, 72) };
const quick: FitOptions = { epochs: 6, batchSize: 32, lr: 0.05, stepSize: 2, gamma: 0.5 };

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

describe('fit', () => {
  it('lowers the loss, and returns the best and the last weights with the history', async () => {
    const epochs: EpochRecord[] = [];
    const { best, bestEpoch, last, history, aborted } = await fit(device, data, {
      ...quick,
      onEpoch: record => epochs.push(record),
    });
    expect(history).toEqual(epochs);
    expect(aborted).toBe(false);
    expect(history.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(history.map(({ lr }) => lr)).toEqual([0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125]);
    expect(history.at(-1)!.train.loss).toBeLessThan(history[0]!.train.loss);
    const accuracies = history.map(({ val }) => val.accuracy);
    expect(bestEpoch).toBe(accuracies.indexOf(Math.max(...accuracies)));
    expect(accuracies[bestEpoch]).toBeGreaterThan(0.85);
    expect((await evaluate(device, best, { set: data.val })).accuracy).toBe(accuracies[bestEpoch]);
    const end = await evaluate(device, last, { set: data.val });
    expect(end.accuracy).toBe(accuracies.at(-1));
    expect(end.loss).toBeCloseTo(history.at(-1)!.val.loss, 6);
  });

  it("prints the tutorial's lines", async () => {
    const lines: string[] = [];
    await fit(device, data, { ...quick, epochs: 2, onLine: line => lines.push(line) });
    const phase = (name: string) =>
      expect.stringMatching(new RegExp(`^${name} Loss: \\d\\.\\d{4} Acc: [01]\\.\\d{4}$`));
    const epoch = (number: number) => [`Epoch ${number}/1`, '----------', phase('train'), phase('val'), ''];
    expect(lines).toEqual([
      ...epoch(0),
      ...epoch(1),
      expect.stringMatching(/^Training complete in 0m \d+s$/),
      expect.stringMatching(/^Best val Acc: [01]\.\d{6}$/),
    ]);
  });

  it('produces the same bytes for the same seed, and others for another seed', async () => {
    const bytes = async (seed: number) => {
      const { best, last } = await fit(device, data, { ...quick, epochs: 3, seed });
      return Buffer.from(Float32Array.of(...best.weight, ...best.bias, ...last.weight, ...last.bias).buffer).toString(
        'hex',
      );
    };
    const first = await bytes(1);
    expect(await bytes(1)).toBe(first);
    expect(await bytes(2)).not.toBe(first);
  });

  it('frees all its memory', async () => {
    const before = device.memoryUse;
    await fit(device, data, { ...quick, epochs: 2 });
    expect(device.memoryUse.liveBytes).toBe(before.liveBytes);
    expect(device.memoryUse.pooledBytes).toBe(0);
  });

  it('keeps the epochs before an abort', async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    const result = await fit(device, data, {
      ...quick,
      signal: controller.signal,
      onEpoch: ({ epoch }) => epoch === 1 && controller.abort(),
      onLine: line => lines.push(line),
    });
    expect(result.aborted).toBe(true);
    expect(result.history).toHaveLength(2);
    expect(lines.at(-2)).toMatch(/^Training stopped early after 0m \d+s$/);
    const { last } = await fit(device, data, { ...quick, epochs: 2 });
    expect(result.last).toEqual(last);
  });

  it('returns the initial weights if it is aborted before the first epoch', async () => {
    const { best, last, bestEpoch, history, aborted } = await fit(device, data, {
      ...quick,
      signal: AbortSignal.abort(),
    });
    expect({ bestEpoch, history, aborted }).toEqual({ bestEpoch: -1, history: [], aborted: true });
    expect(last).toEqual(initialHead({ classes, featureCount: F, random: new TorchRandom(0) }));
    expect(best).toBe(last);
  });

  it('names epoch and batch if the loss is not finite', async () => {
    await expect(fit(device, data, { ...quick, lr: 1e38 })).rejects.toThrow(
      /^fit: the train loss must be a finite number, got (NaN|Infinity) \(epoch 0\/5, batch 1\/4, learning rate 1e\+38\)\. Lower the learning rate$/,
    );
  });

  it('rejects wrong data', async () => {
    const labelled = (labels: number[], features = new Float32Array(labels.length * F)) => ({ labels, features });
    const failure = (train: FeatureSet, val = data.val) => fit(device, { classes, train, val });
    await expect(failure(labelled([]))).rejects.toThrow('train: contains no images');
    await expect(failure(labelled([0, 2]))).rejects.toThrow(
      'train: the label of row 1 must be an integer from 0 to 1, got 2 (NORMAL, PNEUMONIA)',
    );
    await expect(failure(labelled([0, 1], new Float32Array(7)))).rejects.toThrow(
      'train: 7 feature values cannot be divided into 2 rows, one per label',
    );
    await expect(failure(labelled([0, 1], new Float32Array(2 * F).fill(Number.NaN, F + 3)))).rejects.toThrow(
      'train: feature 3 of row 1 must be a finite number, got NaN. Compute the features again',
    );
    await expect(failure(data.train, labelled([0], new Float32Array(8)))).rejects.toThrow(
      'val: each row has 8 features but train has 36',
    );
  });

  it('rejects options out of range', async () => {
    await expect(fit(device, data, { epochs: 0 })).rejects.toThrow(
      'fit: epochs must be an integer of at least 1, got 0',
    );
    await expect(fit(device, data, { batchSize: 1.5 })).rejects.toThrow(
      'fit: batchSize must be an integer of at least 1, got 1.5',
    );
    const before = device.memoryUse.liveBytes;
    await expect(fit(device, data, { lr: -1 })).rejects.toThrow('adam: lr must be at least 0, got -1');
    await expect(fit(device, data, { stepSize: 0 })).rejects.toThrow(
      'step lr: stepSize must be an integer of at least 1, got 0',
    );
    expect(device.memoryUse.liveBytes).toBe(before);
  });
});

describe('batches', () => {
  it('are the same if the features do not fit in one buffer', async () => {
    const order = Uint32Array.from({ length: 41 }, (_, i) => (i * 7 + 2) % 41);
    const resident = new DeviceFeatures(device, data.val);
    const streamed = new DeviceFeatures(device, data.val, 1024);
    for (const features of [resident, streamed]) features.shuffle(order);
    for (const [start, size] of [
      [0, 16],
      [32, 9],
    ] as const) {
      const [a, b] = [resident.batch(start, size), streamed.batch(start, size)];
      expect(a.x.shape).toEqual([size, F]);
      expect(await b.x.read()).toEqual(await a.x.read());
      expect([...(await a.targets.read())]).toEqual(
        [...order.subarray(start, start + size)].map(row => data.val.labels[row]),
      );
      expect((await a.x.read())[F]).toBe(data.val.features[order[start + 1]! * F]);
    }
  });
});
