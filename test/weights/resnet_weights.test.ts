import { describe, expect, it } from 'vitest';
import { backboneOfFile } from '../../src/weights/backbone.ts';
import { checkStateDict, detectArchitecture } from '../../src/weights/check_state_dict.ts';
import { deepen } from '../../src/weights/net2net.ts';
import { expectedTensors, RESNET_ARCHITECTURES, type ResNetArchitecture } from '../../src/weights/resnet_shapes.ts';
import { toStateDict } from '../../src/weights/state_dict.ts';
import { elementCount, type StateDict, type TensorEntry, tensorOf } from '../../src/weights/tensor_entry.ts';
import { ZOO, zooEntry } from '../../src/weights/zoo.ts';

/** A state dict with the right names and shapes, for tests that read no values. */
function stateDict(architecture: ResNetArchitecture, classes?: number): Map<string, TensorEntry> {
  const entries = [...expectedTensors(architecture, classes)].map(([name, shape]) => shapeOnly(name, shape));
  return new Map(entries.map(entry => [entry.name, entry]));
}

function shapeOnly(name: string, shape: readonly number[]): TensorEntry {
  return { name, dtype: 'F32', shape, read: async () => new Float32Array(elementCount(shape)) };
}

function file(tensors: StateDict, metadata: Record<string, string> = {}) {
  return {
    name: 'w.pth',
    format: 'safetensors',
    sizeBytes: 0,
    sources: [],
    tensors,
    metadata,
    close: async () => {},
  } as const;
}

describe('names and shapes', () => {
  it.each([
    ['resnet18', 11_689_512, 122],
    ['resnet34', 21_797_672, 218],
    ['resnet50', 25_557_032, 320],
    ['resnet101', 44_549_160, 626],
    ['resnet152', 60_192_808, 932],
  ] as const)('%s has %i parameters, as in torchvision', (architecture, parameters, withBatchCounters) => {
    const shapes = [...expectedTensors(architecture)];
    const trained = shapes.filter(([name]) => !name.includes('running_'));
    expect(trained.reduce((sum, [, shape]) => sum + elementCount(shape), 0)).toBe(parameters);
    const norms = shapes.filter(([name]) => name.endsWith('running_var')).length;
    expect(shapes.length + norms).toBe(withBatchCounters);
  });

  it.each(RESNET_ARCHITECTURES)('detects and accepts %s with any number of classes', architecture => {
    for (const classes of [1000, 2]) {
      const weights = stateDict(architecture, classes).set(
        'bn1.num_batches_tracked',
        shapeOnly('bn1.num_batches_tracked', []),
      );
      expect(detectArchitecture(weights, 'w')).toBe(architecture);
      checkStateDict(weights, architecture, 'w');
    }
  });

  it('accepts a network without a head, and one with the head of a Sequential', () => {
    const weights = stateDict('resnet18');
    weights.delete('fc.weight');
    weights.delete('fc.bias');
    checkStateDict(weights, 'resnet18', 'w');
    weights.set('fc.0.weight', shapeOnly('fc.0.weight', [2, 512])).set('fc.0.bias', shapeOnly('fc.0.bias', [2]));
    checkStateDict(weights, 'resnet18', 'w');
  });

  it('lists every fault in one error', () => {
    const weights = stateDict('resnet18');
    weights.delete('fc.bias');
    weights.delete('layer4.1.bn2.weight');
    weights.set('fc.b', shapeOnly('fc.b', [1]));
    weights.set('conv1.weight', shapeOnly('conv1.weight', [64, 3, 5, 5]));
    expect(() => checkStateDict(weights, 'resnet18', 'w.pth')).toThrow(
      'weights: w.pth: is not a resnet18 (2 tensors missing: layer4.1.bn2.weight, fc.bias; 1 tensor unknown: fc.b; ' +
        '1 tensor of the wrong shape: conv1.weight (expected [64, 3, 7, 7], got [64, 3, 5, 5]))',
    );
  });

  it('shortens a long list', () => {
    expect(() => checkStateDict(stateDict('resnet50'), 'resnet152', 'w')).toThrow(
      /^weights: w: is not a resnet152 \(510 tensors missing: .* and 502 more\)$/,
    );
  });

  it('rejects ResNet-D, other depths and other networks', () => {
    expect(() => detectArchitecture(new Map([['conv1.0.weight', shapeOnly('conv1.0.weight', [1])]]), 'w')).toThrow(
      /is a ResNet-D such as resnet152d/,
    );
    expect(() => detectArchitecture(new Map(), 'w')).toThrow(/is not the state dict of a ResNet/);
    const deep = stateDict('resnet18').set('layer4.2.conv1.weight', shapeOnly('layer4.2.conv1.weight', [1]));
    expect(() => detectArchitecture(deep, 'w')).toThrow(
      /unknown ResNet with 2, 2, 2, 3 basic blocks in layer1 to layer4\. Known: resnet18, /,
    );
  });

  it('removes a prefix that all names share', () => {
    const prefixed = new Map(
      [...stateDict('resnet18').values()].map(({ name, shape }) => [
        `module.${name}`,
        shapeOnly(`module.${name}`, shape),
      ]),
    );
    expect(detectArchitecture(toStateDict(prefixed).stateDict, 'w')).toBe('resnet18');
  });
});

describe('a backbone from a file', () => {
  it('uses torchvision’s conventions by default', () => {
    expect(backboneOfFile(file(stateDict('resnet50')), 'h')).toMatchObject({
      id: 'file:w.pth',
      strideOn: '3x3',
      eps: 1e-5,
    });
    const options = { strideOn: '1x1', preprocess: 'caffe' } as const;
    const chosen = backboneOfFile(file(stateDict('resnet50')), 'h', options);
    expect([chosen.strideOn, chosen.preprocessing.channelOrder]).toEqual(['1x1', 'BGR']);
  });

  it('keeps its zoo entry or naming scheme if Raycam converted the file', () => {
    const known = backboneOfFile(file(stateDict('resnet50'), { backbone: 'resnet50.caffe_in1k' }), 'h');
    expect(known).toMatchObject({
      id: 'resnet50.caffe_in1k',
      strideOn: '1x1',
      eps: 1e-3,
      featuresOf: 'resnet50.caffe_in1k',
    });
    expect(backboneOfFile(file(stateDict('resnet50'), { names: 'applications' }), 'h').eps).toBe(1.001e-5);
  });
});

describe('deepen', () => {
  const resnet50 = stateDict('resnet50');
  const deeper = deepen(resnet50);

  it('returns a ResNet-152 with every tensor of ResNet-50 unchanged', () => {
    checkStateDict(deeper, 'resnet152', 'w');
    for (const [name, entry] of resnet50) expect(deeper.get(name)).toBe(entry);
  });

  it('adds 34 blocks with a zero residual and random kernels', async () => {
    const added = [...deeper.keys()].filter(name => !resnet50.has(name));
    const residuals = added.filter(name => /bn3\.(weight|bias)$/.test(name));
    expect(residuals.length).toBe(68);
    for (const name of residuals)
      expect(
        (await deeper.get(name)!.read()).every(value => value === 0),
        name,
      ).toBe(true);
    const kernel = await deeper.get('layer3.20.conv2.weight')!.read();
    const variance = kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length;
    expect(variance * 256 * 9).toBeCloseTo(2, 1);
    expect(kernel).toEqual(await deepen(resnet50).get('layer3.20.conv2.weight')!.read());
    expect(kernel).not.toEqual(await deeper.get('layer3.21.conv2.weight')!.read());
    expect((await deeper.get('layer2.5.bn1.running_var')!.read())[0]).toBe(1);
  });
});

describe('the zoo', () => {
  it('has unique ids, full digests of converted files, and known sources', () => {
    expect(new Set(ZOO.map(entry => entry.id)).size).toBe(ZOO.length);
    for (const { sources, featuresOf } of ZOO) {
      expect(() => zooEntry(featuresOf)).not.toThrow();
      for (const source of sources) {
        if (source.kind === 'https') expect(new URL(source.url).protocol).toBe('https:');
        if (source.kind === 'npm') expect(source.sha256).toMatch(/^[0-9a-f]{64}$/);
        if (source.kind === 'net2net') expect(zooEntry(source.from).architecture).toBe('resnet50');
      }
    }
  });

  it('lists its entries when an id is unknown', () => {
    expect(() => zooEntry('resnet51')).toThrow(/^unknown backbone "resnet51"\. Known: resnet152\.tv_in1k_v1, /);
  });
});

describe('a tensor in memory', () => {
  it('returns a copy of its values', async () => {
    const entry = tensorOf('a', [1], Float32Array.of(1));
    (await entry.read())[0] = 2;
    expect([...(await entry.read())]).toEqual([1]);
  });
});
