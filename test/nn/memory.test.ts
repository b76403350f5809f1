import { describe, expect, it } from 'vitest';
import { ResNet } from '../../src/nn/resnet.ts';
import { nullDevice } from '../../src/observe/null_device.ts';
import type { AdapterReport } from '../../src/runtime/adapter.ts';
import { Device } from '../../src/runtime/device.ts';
import { elementCount } from '../../src/runtime/shape.ts';
import type { Backbone } from '../../src/weights/backbone.ts';
import type { ResNetArchitecture } from '../../src/weights/resnet_shapes.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';

/** Returns a backbone whose weights are zeros. They suffice, because the tests count buffers and run nothing. */
function zeros(architecture: ResNetArchitecture): Backbone {
  const backbone = syntheticBackbone(architecture);
  const entries = [...backbone.stateDict].map(
    ([name, entry]) => [name, { ...entry, read: async () => new Float32Array(elementCount(entry.shape)) }] as const,
  );
  return { ...backbone, stateDict: new Map(entries) };
}

async function load(architecture: ResNetArchitecture, kind: AdapterReport['kind']) {
  const backbone = zeros(architecture);
  const device = await Device.open({ adapter: 'wasm', threads: 0, observe: gpu => nullDevice(gpu).gpu });
  Object.assign(device, { adapter: { ...device.adapter, kind } });
  const before = device.memoryUse.liveBytes;
  const model = await ResNet.load(device, backbone);
  const weightsBytes = [...backbone.stateDict.values()].reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
  return { device, model, ratio: (device.memoryUse.liveBytes - before) / weightsBytes };
}

describe.each(['wasm', 'software', 'gpu'] as const)('activations on an adapter of kind %s', kind => {
  it.each(['resnet18', 'resnet50', 'resnet152'] as const)('of %s take under 16 MB an image', async architecture => {
    const { device, model } = await load(architecture, kind);
    const bytesAt = (batch: number) => {
      const plan = model.capture(device.empty([batch, 3, 224, 224]));
      const { activationBytes } = plan;
      plan.dispose();
      return activationBytes;
    };
    const one = bytesAt(1);
    expect(one).toBeGreaterThan(4e6); // the outputs of conv1 and maxpool
    expect(one).toBeLessThan(16e6);
    for (const batch of [2, 8]) {
      const share = bytesAt(batch) / (batch * one);
      expect(share).toBeLessThan(1.02);
      expect(share).toBeGreaterThan(0.7); // for few images, a GPU splits each sum and stores the partial sums
    }
    device.dispose();
  });
});

describe('packed weights on a GPU', () => {
  it.each(['resnet18', 'resnet50', 'resnet152'] as const)(
    'of %s take under 1.4 times their size',
    async architecture => {
      const { device, ratio } = await load(architecture, 'gpu');
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1.4);
      device.dispose();
    },
  );
});
