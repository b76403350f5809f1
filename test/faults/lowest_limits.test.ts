import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { selfTest } from '../../src/doctor/self_test.ts';
import { explainImage } from '../../src/inference/explain.ts';
import { buildNetwork } from '../../src/inference/network.ts';
import { predictImage } from '../../src/inference/predict.ts';
import { Head } from '../../src/nn/head.ts';
import { allCaseTables } from '../../src/oracle/case_tables.ts';
import { failuresOf } from '../../src/oracle/check.ts';
import { Device } from '../../src/runtime/device.ts';
import { fit } from '../../src/train/fit.ts';
import { DEFAULT_LIMITS } from '../../src/wasm/device/limits.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { narrowHead } from './narrow_network.ts';

/** Adapters with the lowest limits that the specification allows. */
vi.mock('#platform', async original => {
  const platform = await original<typeof import('#platform')>();
  return {
    ...platform,
    requestGpuAdapter: async (...given: Parameters<typeof platform.requestGpuAdapter>) => {
      const found = await platform.requestGpuAdapter(...given);
      const lowest = new Proxy(found.adapter, {
        get(real, name) {
          if (name === 'limits') return { ...DEFAULT_LIMITS };
          if (name === 'features') return new Set(['core-features-and-limits']);
          const value = Reflect.get(real, name, real);
          return typeof value === 'function' ? value.bind(real) : value;
        },
      });
      return { ...found, adapter: lowest };
    },
  };
});

describe.each(['wasm', 'swiftshader'] as const)('%s with the lowest limits of the specification', adapter => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter, threads: 2 });
  });
  afterAll(() => device.dispose());

  it('reports the lowest limits', () => {
    const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = device.limits;
    expect([maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage]).toEqual([
      268435456, 134217728, 8,
    ]);
    expect(device.limits).toMatchObject({
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupStorageSize: 16384,
      maxComputeWorkgroupsPerDimension: 65535,
      minStorageBufferOffsetAlignment: 256,
      minUniformBufferOffsetAlignment: 256,
    });
  });

  it('runs a case of every kernel', async () => {
    const tables = (await allCaseTables()).filter(({ kernel }) => kernel.feature === undefined);
    for (const table of tables)
      expect([table.kernel.name, await failuresOf([device], table, table.cases[0]!)]).toEqual([table.kernel.name, []]);
  });

  it('rejects a buffer that is too large', () => {
    expect(() => device.empty([134217728 / 4 + 1], 'layer1.0.conv1')).toThrow(
      'device: layer1.0.conv1 needs a 134 MB buffer, but this adapter allows 134 MB. Use a smaller batch',
    );
  });
});

it('predicts, explains, trains and passes the self-test with the lowest limits', async () => {
  const network = await buildNetwork(syntheticBackbone('resnet18'), { adapter: 'wasm', threads: 2 });
  const head = new Head(network.device, {
    ...narrowHead(),
    featureCount: 512,
    weight: new Float32Array(1024).fill(0.01),
  });
  const image = { width: 300, height: 200, pixels: new Uint8Array(300 * 200 * 3).map((_, i) => (i * 37) % 256) };
  const { class: name, probabilities } = await predictImage(network, head, image);
  const explained = await explainImage(network, head, image);
  expect(explained.class).toBe(name);
  expect(explained.probabilities[name]).toBeCloseTo(probabilities[name]!, 5);
  const features = new Float32Array(300 * 512).map((_, i) => ((i * 7919) % 101) / 50 - 1);
  const set = { features, labels: Array.from({ length: 300 }, (_, i) => i % 2) };
  const { history } = await fit(network.device, { classes: ['a', 'b'], train: set, val: set }, { epochs: 1 });
  expect(history).toHaveLength(1);
  expect((await selfTest(network.device)).passed).toBe(true);
  await network.dispose();
});
