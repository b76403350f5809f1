import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../../src/doctor/self_test.ts';
import { InputError, ShapeError, WeightsError } from '../../src/errors/index.ts';
import { modulePaths, ResNet } from '../../src/nn/resnet.ts';
import { resnetWork } from '../../src/nn/resnet_work.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { syntheticBackbone, syntheticImage } from '../../src/weights/synthetic_network.ts';
import { disposeForward } from '../network/fixture.ts';

const SIDE = 64;
const STAGES = ['relu', 'maxpool', 'layer1', 'layer2', 'layer3', 'layer4', 'avgpool', 'fc'];

/** PyTorch's modules up to the first block with a downsampling shortcut, which runs after the block's convolutions. */
const IN_PYTORCH = {
  resnet18: [
    ...['conv1', 'bn1', 'relu', 'maxpool'],
    ...within('layer1.0', ['conv1', 'bn1', 'conv2', 'bn2', 'relu']),
    ...within('layer1.1', ['conv1', 'bn1', 'conv2', 'bn2', 'relu']),
    'layer1',
    ...within('layer2.0', ['conv1', 'bn1', 'conv2', 'bn2', 'downsample.0', 'downsample.1', 'downsample', 'relu']),
  ],
  resnet50: [
    ...['conv1', 'bn1', 'relu', 'maxpool'],
    ...within('layer1.0', [
      ...['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3'],
      ...['downsample.0', 'downsample.1', 'downsample', 'relu'],
    ]),
    ...within('layer1.1', ['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3', 'relu']),
  ],
};

/** The same in Raycam, where the last convolution of a block adds the shortcut. A relu is listed at its first run. */
const FIRST_RUN = {
  resnet18: [
    ...['conv1', 'bn1', 'relu', 'maxpool'],
    ...within('layer1.0', ['conv1', 'bn1', 'relu', 'conv2', 'bn2']),
    ...within('layer1.1', ['conv1', 'bn1', 'relu', 'conv2', 'bn2']),
    'layer1',
    ...within('layer2.0', ['conv1', 'bn1', 'relu', 'downsample.0', 'downsample.1', 'downsample', 'conv2', 'bn2']),
  ],
  resnet50: [
    ...['conv1', 'bn1', 'relu', 'maxpool'],
    ...within('layer1.0', [
      ...['conv1', 'bn1', 'relu', 'conv2', 'bn2'],
      ...['downsample.0', 'downsample.1', 'downsample', 'conv3', 'bn3'],
    ]),
    ...within('layer1.1', ['conv1', 'bn1', 'relu', 'conv2', 'bn2', 'conv3', 'bn3']),
  ],
};

function within(block: string, modules: readonly string[]): string[] {
  return [...modules.map(name => `${block}.${name}`), block];
}

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

describe.each(['resnet18', 'resnet50'] as const)('%s', architecture => {
  let model: ResNet;
  let x: Tensor;
  beforeAll(async () => {
    model = await ResNet.load(device, syntheticBackbone(architecture));
    x = device.tensor(syntheticImage([1, 3, SIDE, SIDE]), [1, 3, SIDE, SIDE], 'x');
  });
  afterAll(async () => {
    x.dispose();
    model.dispose();
    await device.trim();
  });

  it('returns the same whether all modules, the stages, or none are tapped', async () => {
    const none = model.forward(x);
    const stages = model.forward(x, { taps: STAGES });
    const all = model.forward(x, { taps: model.modulePaths });
    for (const pass of [stages, all]) {
      expect(relativeError(await pass.logits!.read(), await none.logits!.read())).toBeLessThan(1e-5);
      expect(relativeError(await pass.features.read(), await none.features.read())).toBeLessThan(1e-5);
    }
    for (const path of STAGES) {
      const [fused, apart] = [await stages.taps.get(path)!.read(), await all.taps.get(path)!.read()];
      expect([path, relativeError(fused, apart) < 1e-5]).toEqual([path, true]);
    }
    for (const pass of [none, stages, all]) disposeForward(pass);
  });

  it('taps every module, in the order in which they run', async () => {
    const pass = model.forward(x, { taps: model.modulePaths });
    const tapped = [...pass.taps.keys()];
    await device.submit();
    disposeForward(pass);
    expect(tapped.toSorted()).toEqual(modulePaths(architecture).toSorted());
    expect(tapped.slice(0, FIRST_RUN[architecture].length)).toEqual(FIRST_RUN[architecture]);
    expect(tapped.slice(-3)).toEqual(['layer4', 'avgpool', 'fc']);
    const work = resnetWork(architecture).map(({ path }) => path);
    expect(tapped.filter(path => work.includes(path))).toEqual(work);
  });

  it('computes the same for a batch of two as for its images alone', async () => {
    const values = syntheticImage([2, 3, SIDE, SIDE]);
    using both = device.tensor(values, [2, 3, SIDE, SIDE], 'both');
    const batch = model.forward(both, { taps: ['layer4'] });
    const [logits, features, layer4] = [
      await batch.logits!.read(),
      await batch.features.read(),
      await batch.taps.get('layer4')!.read(),
    ];
    for (const n of [0, 1]) {
      using one = device.tensor(partOf(values, n), [1, 3, SIDE, SIDE], 'one');
      const alone = model.forward(one, { taps: ['layer4'] });
      expect(relativeError(partOf(logits, n), await alone.logits!.read())).toBeLessThan(1e-6);
      expect(relativeError(partOf(features, n), await alone.features.read())).toBeLessThan(1e-6);
      expect(relativeError(partOf(layer4, n), await alone.taps.get('layer4')!.read())).toBeLessThan(1e-6);
      disposeForward(alone);
    }
    disposeForward(batch);
  });

  it.each([
    ['without taps', []],
    [
      'with taps that unfuse',
      ['conv1', 'bn1', 'layer1.0.conv1', 'layer2.0.downsample.1', 'layer4', 'layer4.1.relu', 'fc'],
    ],
  ])('leaves no memory in use after a pass %s', async (_, taps) => {
    const before = device.memoryUse.liveBytes;
    const pass = model.forward(x, { taps });
    await pass.logits!.read();
    expect(device.memoryUse.liveBytes).toBeGreaterThan(before);
    disposeForward(pass);
    expect(device.memoryUse.liveBytes).toBe(before);
  });

  it('rejects an input that is not a batch of images, and leaves no memory in use', async () => {
    const before = device.memoryUse.liveBytes;
    using flat = device.empty([3, SIDE, SIDE], 'flat');
    expect(() => model.forward(flat)).toThrow(new ShapeError('resnet: x must be 4-D, got [3, 64, 64]'));
    using grey = device.empty([1, 1, SIDE, SIDE], 'grey');
    expect(() => model.forward(grey)).toThrow(
      new ShapeError('conv1: x must have 3 channels, got 1 (x [1, 1, 64, 64])'),
    );
    flat.dispose();
    grey.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
  });
});

describe('modulePaths', () => {
  it.each(['resnet18', 'resnet50'] as const)("lists the modules of %s in the order of PyTorch's pass", architecture => {
    const expected = IN_PYTORCH[architecture];
    expect(modulePaths(architecture).slice(0, expected.length)).toEqual(expected);
    expect(modulePaths(architecture).slice(-3)).toEqual(['layer4', 'avgpool', 'fc']);
  });
});

describe('memory over many passes', () => {
  it('does not grow after the second of twenty', async () => {
    const model = await ResNet.load(device, syntheticBackbone('resnet18'));
    using x = device.tensor(syntheticImage([1, 3, 32, 32]), [1, 3, 32, 32], 'x');
    const uses: number[][] = [];
    for (let i = 0; i < 20; i++) {
      const pass = model.forward(x, { taps: i % 2 ? ['layer4', 'layer1.0.bn1'] : [] });
      await pass.logits!.read();
      disposeForward(pass);
      const { liveBytes, pooledBytes } = device.memoryUse;
      uses.push([liveBytes, pooledBytes]);
    }
    expect(new Set(uses.map(([live]) => live)).size).toBe(1);
    expect(new Set(uses.slice(2).map(([, pooled]) => pooled)).size).toBe(1);
    model.dispose();
    await device.trim();
  });

  it('is all freed when a network is disposed of', async () => {
    const before = device.memoryUse;
    const model = await ResNet.load(device, syntheticBackbone('resnet18'));
    expect(device.memoryUse.liveBytes - before.liveBytes).toBeGreaterThan(11_689_512 * 4 * 0.99);
    expect(device.memoryUse.pooledBytes).toBe(0);
    model.dispose();
    await device.trim();
    expect(device.memoryUse).toMatchObject({ liveBytes: before.liveBytes, pooledBytes: 0 });
  });

  it('reports each block as it is loaded', async () => {
    const seen: string[] = [];
    const model = await ResNet.load(device, syntheticBackbone('resnet18'), {
      onProgress: (loaded, total) => seen.push(`${loaded}/${total}`),
    });
    expect(seen).toEqual(['1/8', '2/8', '3/8', '4/8', '5/8', '6/8', '7/8', '8/8']);
    model.dispose();
  });

  it.each(['layer2.0.downsample.0.weight', 'layer3.1.bn2.running_mean'])('names a missing %s', async missing => {
    const backbone = syntheticBackbone('resnet18');
    const stateDict = new Map([...backbone.stateDict].filter(([name]) => name !== missing));
    await expect(ResNet.load(device, { ...backbone, stateDict })).rejects.toThrow(
      new WeightsError(`weights: ${missing} is missing. The file belongs to another network or is incomplete`),
    );
  });
});

describe('taps', () => {
  let model: ResNet;
  let x: Tensor;
  beforeAll(async () => {
    model = await ResNet.load(device, syntheticBackbone('resnet18'));
    x = device.tensor(syntheticImage([1, 3, 32, 32]), [1, 3, 32, 32], 'x');
  });

  it.each([
    [
      'layer5',
      'taps: unknown module "layer5". Known: conv1, bn1, relu, maxpool, layer1, layer2, layer3, layer4, avgpool, fc',
    ],
    ['layer1.7.conv1', 'taps: unknown module "layer1.7.conv1". Known: layer1.0, layer1.1'],
    [
      'layer2.0.conv9',
      'taps: unknown module "layer2.0.conv9". Known: layer2.0.conv1, layer2.0.bn1, layer2.0.conv2, layer2.0.bn2, layer2.0.downsample, layer2.0.relu',
    ],
    ['', 'taps: unknown module "". Known: conv1, bn1, relu, maxpool, layer1, layer2, layer3, layer4, avgpool, fc'],
  ])('reject the unknown module %j', (path, message) => {
    expect(() => model.forward(x, { taps: [path] })).toThrow(new InputError(message));
  });

  it('are kept once, even if a path is given twice', async () => {
    const before = device.memoryUse.liveBytes;
    const pass = model.forward(x, { taps: ['layer4', 'layer4'] });
    await pass.logits!.read();
    expect([...pass.taps.keys()]).toEqual(['layer4']);
    disposeForward(pass);
    expect(device.memoryUse.liveBytes).toBe(before);
  });

  it('are [N, C, 1, 1] for avgpool and [N, 1000] for fc', async () => {
    const pass = model.forward(x, { taps: ['avgpool', 'fc'] });
    expect([pass.taps.get('avgpool')!.shape, pass.taps.get('fc')!.shape]).toEqual([
      [1, 512, 1, 1],
      [1, 1000],
    ]);
    expect(await pass.taps.get('fc')!.read()).toEqual(await pass.logits!.read());
    disposeForward(pass);
  });
});

describe('forwardUnit', () => {
  it('runs the stem and a block as forward does', async () => {
    const model = await ResNet.load(device, syntheticBackbone('resnet18'));
    using x = device.tensor(syntheticImage([1, 3, 32, 32]), [1, 3, 32, 32], 'x');
    const pass = model.forward(x, { taps: ['maxpool', 'layer1.0', 'layer1.0.conv1'] });
    const stem = model.forwardUnit('stem', x);
    const block = model.forwardUnit('layer1.0', stem.y, { taps: ['layer1.0.conv1'] });
    expect(await stem.y.read()).toEqual(await pass.taps.get('maxpool')!.read());
    expect(await block.y.read()).toEqual(await pass.taps.get('layer1.0')!.read());
    const path = 'layer1.0.conv1';
    expect(await block.taps.get(path)!.read()).toEqual(await pass.taps.get(path)!.read());
    for (const tensor of [stem.y, block.y, ...block.taps.values()]) tensor.dispose();
    disposeForward(pass);
    expect(() => model.forwardUnit('layer1.2', x)).toThrow(
      new InputError('resnet: unknown unit "layer1.2". Known: stem, layer1.0 … layer4.1'),
    );
    model.dispose();
  });
});

function partOf(values: Float32Array, n: number): Float32Array {
  return values.slice((n * values.length) / 2, ((n + 1) * values.length) / 2);
}
