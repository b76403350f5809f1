import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../../src/doctor/self_test.ts';
import type { WeightOptions } from '../../src/nn/convolution.ts';
import { halfFactors } from '../../src/nn/half_weights.ts';
import { ResNet } from '../../src/nn/resnet.ts';
import { Device } from '../../src/runtime/device.ts';
import { syntheticBackbone, syntheticImage } from '../../src/weights/synthetic_network.ts';
import { disposeForward } from '../network/fixture.ts';

/** One module of each kind. A tapped convolution or batch norm runs as separate operations. */
const TAPS = ['conv1', 'bn1', 'layer1.0.conv1', 'layer2.0.downsample.0', 'layer2.0.relu', 'layer4'];

/** The weights of ResNet-18: 11,689,512 numbers of four bytes. */
const WEIGHTS_BYTES = 4 * 11_689_512;

describe('a network with another weight layout', () => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter: 'wasm' });
  });
  afterAll(() => device.dispose());

  const run = async (options: WeightOptions = {}) => {
    const before = device.memoryUse.liveBytes;
    const model = await ResNet.load(device, syntheticBackbone('resnet18'), options);
    const heldBytes = device.memoryUse.liveBytes - before;
    const x = device.tensor(syntheticImage([1, 3, 96, 96]), [1, 3, 96, 96]);
    const forward = model.forward(x);
    const logits = await forward.logits!.read();
    const tapped = model.forward(x, { taps: TAPS });
    const taps = new Map<string, Float32Array>();
    for (const [path, tensor] of tapped.taps) taps.set(path, await tensor.read());
    disposeForward(forward);
    disposeForward(tapped);
    x.dispose();
    model.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
    return { heldBytes, logits, taps };
  };

  it('takes little more memory than its weights when compact, with the same results', async () => {
    const [compact, fast] = [await run({ compact: true }), await run()];
    expect(compact.heldBytes).toBeLessThan(1.02 * WEIGHTS_BYTES);
    expect(fast.heldBytes).toBeGreaterThan(2 * WEIGHTS_BYTES);
    expect(relativeError(compact.logits, fast.logits)).toBeLessThan(1e-5);
  });

  it('takes half of that with 16-bit weights, and every module agrees to three digits', async () => {
    const [half, fast] = [await run({ halfWeights: true }), await run()];
    // The classifier's 512,000 weights stay in 32 bits.
    expect(half.heldBytes).toBeLessThan(0.54 * WEIGHTS_BYTES);
    const errors = [half.logits, ...half.taps.values()].map((values, i) =>
      relativeError(values, [fast.logits, ...fast.taps.values()][i]!),
    );
    expect(errors.length).toBe(1 + TAPS.length);
    for (const error of errors) {
      expect(error).toBeLessThan(2e-3);
      expect(error).toBeGreaterThan(1e-6); // 16-bit weights leave a difference
    }
  });

  it('rejects NaN among weights that become 16-bit floats', async () => {
    const backbone = syntheticBackbone('resnet18');
    const name = 'layer1.0.conv1.weight';
    const entry = backbone.stateDict.get(name)!;
    const spoilt = { ...entry, read: async () => (await entry.read()).fill(Number.NaN, 7, 8) };
    const stateDict = new Map([...backbone.stateDict, [name, spoilt]]);
    const before = device.memoryUse.liveBytes;
    await expect(ResNet.load(device, { ...backbone, stateDict }, { halfWeights: true })).rejects.toThrow(
      'weights: layer1.0.conv1 has a value that is not a finite number. Download or copy the file again',
    );
    expect(device.memoryUse.liveBytes).toBe(before);
  });
});

describe('halfFactors', () => {
  const factors = (...channels: number[][]) => [
    ...halfFactors('conv', {
      values: Float32Array.from(channels.flat()),
      shape: [channels.length, channels[0]!.length, 1, 1],
    }),
  ];

  it.each([
    ['of ones', [1, -0.5], 2 ** 14],
    ['of the next power of two', [-2, 0.1], 2 ** 13],
    ['just below it', [1.9999999, 0.1], 2 ** 14],
    ['as small as some that a batch norm scales up', [1e-7, -3e-8], 2 ** 38],
    ['of zeros', [0, -0], 1],
    ['larger than a 16-bit float', [1e6, 1], 2 ** -5],
    ['of the smallest numbers', [1e-44, 0], 2 ** 126],
  ])('brings the largest weight below 2^15 in a channel %s', (_, channel, expected) => {
    expect(factors(channel)).toEqual([expected]);
    const largest = Math.max(...channel.map(Math.abs)) * expected;
    expect(largest).toBeLessThan(2 ** 15);
    if (expected < 2 ** 126 && largest > 0) expect(largest).toBeGreaterThanOrEqual(2 ** 14);
  });

  it('are independent for each channel', () => {
    expect(factors([1, 1], [4, 1], [0, 0])).toEqual([2 ** 14, 2 ** 12, 1]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('rejects %s', value => {
    expect(() => factors([1, 1], [1, value])).toThrow('weights: conv has a value that is not a finite number');
  });
});
