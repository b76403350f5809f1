import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceError } from '../../src/errors/index.ts';
import { activationsOf } from '../../src/inference/activations.ts';
import { classifyImage } from '../../src/inference/classify.ts';
import { computeFeatures } from '../../src/inference/features.ts';
import { finite, notAllZero } from '../../src/inference/finite.ts';
import type { Network } from '../../src/inference/network.ts';
import { verdictOf } from '../../src/inference/predict.ts';
import { ResNet } from '../../src/nn/resnet.ts';
import { Device } from '../../src/runtime/device.ts';
import { syntheticBackbone } from '../../src/weights/synthetic_network.ts';
import { tensorOf } from '../../src/weights/tensor_entry.ts';
import { temporaryFolder } from '../cli/run.ts';

const ADVICE = 'Check the weights with `raycam weights info` and the adapter with `raycam doctor`';

/** Builds ResNet-18 for images of 32 x 32, with one value of one tensor replaced. */
async function spoiltNetwork(device: Device, name: string, value: number): Promise<Network> {
  const synthetic = syntheticBackbone('resnet18');
  const entry = synthetic.stateDict.get(name)!;
  const values = await entry.read();
  values[7] = value;
  const stateDict = new Map([...synthetic.stateDict, [name, tensorOf(name, entry.shape, values)]]);
  const backbone = { ...synthetic, stateDict, preprocessing: { ...synthetic.preprocessing, resize: 32, crop: 32 } };
  return { device, backbone, model: await ResNet.load(device, backbone), dispose: async () => {} };
}

describe('a value that is not finite is an error', () => {
  const image = { width: 32, height: 32, pixels: new Uint8Array(32 * 32 * 3).fill(128) };
  const xray = 'sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg';
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter: 'swiftshader' });
  });
  afterAll(() => device.dispose());

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('in logits: %d', async value => {
    const network = await spoiltNetwork(device, 'fc.bias', value);
    const refused = () =>
      expect(classifyImage(network, image)).rejects.toThrow(
        new DeviceError(`fc: element 7 must be a finite number, got ${value}. ${ADVICE}`),
      );
    await refused();
    const before = device.memoryUse.liveBytes; // with the graph that the network keeps
    await refused();
    expect(device.memoryUse.liveBytes).toBe(before);
    network.model.dispose();
  });

  it('in features and activations', async () => {
    const network = await spoiltNetwork(device, 'layer4.1.bn2.bias', Number.NaN);
    const features = () => computeFeatures(network, { paths: [xray], cacheDir: temporaryFolder() });
    await expect(features()).rejects.toThrow(
      new DeviceError(`avgpool: element 7 must be a finite number, got NaN. ${ADVICE}`),
    );
    const before = device.memoryUse.liveBytes; // with the graph that the network keeps
    await expect(features()).rejects.toThrow(
      new DeviceError(`avgpool: element 7 must be a finite number, got NaN. ${ADVICE}`),
    );
    const activations = activationsOf(network, image, 'layer4');
    await expect(activations).rejects.toThrow(
      new DeviceError(`layer4: element ${7 * 49} must be a finite number, got NaN. ${ADVICE}`),
    );
    expect(device.memoryUse.liveBytes).toBe(before);
    network.model.dispose();
  });

  it('in log-probabilities', () => {
    expect(() => verdictOf(['NORMAL', 'PNEUMONIA'], Float32Array.of(Number.NaN, -1))).toThrow(
      new DeviceError(`head: element 0 must be a finite number, got NaN. ${ADVICE}`),
    );
  });
});

describe('checked values', () => {
  it('are returned unchanged', () => {
    const values = Float32Array.of(-1, 0, 3.4e38);
    expect(finite('fc', values)).toBe(values);
    expect(notAllZero('avgpool', values)).toBe(values);
  });

  it('are an error if all are 0, because the device did not run the shaders', () => {
    expect(() => notAllZero('avgpool', new Float32Array(512))).toThrow(
      new DeviceError(
        'avgpool: every value is 0, so the device did not run the shaders. Check the adapter with `raycam doctor`',
      ),
    );
  });
});
