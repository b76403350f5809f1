import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, relativeError } from '../../src/doctor/self_test.ts';
import { type Forward, ResNet } from '../../src/nn/resnet.ts';
import { Device } from '../../src/runtime/device.ts';
import type { ResNetArchitecture } from '../../src/weights/resnet_shapes.ts';
import { type SyntheticOptions, syntheticBackbone, syntheticImage } from '../../src/weights/synthetic_network.ts';
import { disposeForward, type Fixture, readFixture, tappedPaths } from './fixture.ts';

/**
 * The allowed error, relative to the largest magnitude. The documented bound is 1e-3. Measured on SwiftShader: 1.3e-6;
 * 6e-7 for logits and features.
 */
const BOUND = 1e-5;

interface Row extends SyntheticOptions {
  readonly name: string;
  readonly architecture: ResNetArchitecture;
  readonly side: number;
}

/** The same rows as `NETWORKS` in scripts/make_network_fixtures.py. */
const NETWORKS: readonly Row[] = [
  { name: 'resnet18', architecture: 'resnet18', side: 224 },
  { name: 'resnet34', architecture: 'resnet34', side: 96 },
  { name: 'resnet50', architecture: 'resnet50', side: 224 },
  { name: 'resnet50_stride_1x1', architecture: 'resnet50', strideOn: '1x1', eps: 1e-3, side: 96 },
  { name: 'resnet101', architecture: 'resnet101', side: 96 },
  { name: 'resnet152', architecture: 'resnet152', side: 224 },
];

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

describe.each(NETWORKS)('$name agrees with PyTorch', ({ name, architecture, side, ...options }) => {
  let fixture: Fixture;
  let model: ResNet;
  let pass: Forward;
  beforeAll(async () => {
    fixture = await readFixture(name);
    model = await ResNet.load(device, syntheticBackbone(architecture, options));
    using x = device.tensor(syntheticImage([1, 3, side, side]), [1, 3, side, side], 'x');
    pass = model.forward(x, { taps: tappedPaths(fixture) });
    await pass.logits!.read();
  });
  afterAll(async () => {
    disposeForward(pass);
    model.dispose();
    await device.trim();
  });

  it('in its logits and features', async () => {
    expect(relativeError(await pass.logits!.read(), fixture.tensors.get('logits')!)).toBeLessThan(BOUND);
    expect(relativeError(await pass.features.read(), fixture.tensors.get('features')!)).toBeLessThan(BOUND);
  });

  it('in the order of the five most probable classes', async () => {
    expect(largestFive(await pass.logits!.read())).toEqual(largestFive(fixture.tensors.get('logits')!));
  });

  it('in every tapped module: shape, mean, deviation, maximum and values', async () => {
    const errors = new Map<string, number>();
    for (const [path, tensor] of pass.taps) {
      expect(`${path} [${tensor.shape.join(', ')}]`).toBe(`${path} ${fixture.metadata[path]}`);
      errors.set(path, relativeError(digestOf(await tensor.read()), fixture.tensors.get(`tap.${path}`)!));
    }
    expect([...errors.keys()].sort()).toEqual(tappedPaths(fixture).sort());
    expect([...errors].filter(([, error]) => !(error < BOUND))).toEqual([]);
  });
});

function largestFive(values: Float32Array): number[] {
  return Array.from(values.keys())
    .sort((a, b) => values[b]! - values[a]!)
    .slice(0, 5);
}
