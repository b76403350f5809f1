import { describe, expect, it } from 'vitest';
import { classNames, requireClassifier } from '../../src/inference/classify.ts';
import { backboneOfFile } from '../../src/weights/backbone.ts';
import { expectedTensors } from '../../src/weights/resnet_shapes.ts';
import { toStateDict } from '../../src/weights/state_dict.ts';
import { elementCount, type StateDict, type TensorEntry, type WeightsFile } from '../../src/weights/tensor_entry.ts';
import { checkpoint, concat, open, pickle, safetensors, tensorPickle, unicode } from './build.ts';

const TENSOR = tensorPickle().subarray(2 + 2 + 11, -2); // the tensor alone, without its dict

function entry(name: string, shape: readonly number[]): TensorEntry {
  return { name, dtype: 'F32', shape, read: async () => new Float32Array(elementCount(shape)) };
}

function network(rename: (name: string) => string = name => name, extra: Record<string, number[]> = {}): StateDict {
  const shapes = [...expectedTensors('resnet18')].map(([name, shape]): [string, readonly number[]] => [
    rename(name),
    shape,
  ]);
  const all = [...shapes, ...Object.entries(extra)];
  return new Map(all.map(([name, shape]) => [name, entry(name, shape)]));
}

function without(tensors: StateDict, prefix: string): Map<string, TensorEntry> {
  return new Map([...tensors].filter(([name]) => !name.startsWith(prefix)));
}

function file(tensors: StateDict, more: Partial<WeightsFile> = {}): WeightsFile {
  const close = async () => {};
  return { name: 'w.pth', format: 'torch-zip', sizeBytes: 0, sources: [], tensors, metadata: {}, close, ...more };
}

describe('prefixes', () => {
  it.each(['module.', '_orig_mod.', 'module._orig_mod.', 'net.', 'resnet.', 'a.b.c.d.'])(
    'finds a network under %s',
    p => {
      const backbone = backboneOfFile(file(network(name => p + name)), 'h');
      expect([backbone.architecture, backbone.stateDict.has('fc.weight'), backbone.notes]).toEqual([
        'resnet18',
        true,
        [],
      ]);
    },
  );

  it('names the tensors outside the prefix', () => {
    const tensors = network(name => `model.${name}`, { 'criterion.weight': [2] });
    expect(backboneOfFile(file(tensors), 'h').notes).toEqual([
      'has 1 tensor that the network does not use (criterion.weight)',
    ]);
  });

  it('asks for --prefix if there are several networks', () => {
    const two = new Map([...network(name => `a.${name}`), ...network(name => `b.${name}`)]);
    expect(() => toStateDict(two, '', 'w.pth')).toThrow(
      'weights: w.pth: contains 2 networks (under "a.", "b."). Choose one with --prefix',
    );
    expect(toStateDict(two, 'b.').stateDict.size).toBe(expectedTensors('resnet18').size);
  });
});

describe('classifiers', () => {
  const body = without(network(), 'fc.');

  it.each(['fc.0', 'fc.1', 'last_linear', 'classifier', 'classifier.1', 'head.fc', 'linear'])(
    'reads %s as fc',
    path => {
      const tensors = new Map(body).set(`${path}.weight`, entry(`${path}.weight`, [2, 512]));
      const backbone = backboneOfFile(file(tensors.set(`${path}.bias`, entry(`${path}.bias`, [2]))), 'h');
      expect(backbone.stateDict.get('fc.weight')?.shape).toEqual([2, 512]);
      expect(classNames(backbone)).toEqual(['class 0', 'class 1']);
    },
  );

  it('gives a classifier without a bias one of zeros', async () => {
    const tensors = new Map(body).set('fc.weight', entry('fc.weight', [2, 512]));
    const { stateDict } = backboneOfFile(file(tensors), 'h');
    expect([...(await stateDict.get('fc.bias')!.read())]).toEqual([0, 0]);
  });

  it('loads a network without one, and says what is missing', () => {
    const backbone = backboneOfFile(file(body), 'h');
    expect(() => requireClassifier(backbone)).toThrow(
      'weights: file:w.pth: has no classifier that can run (it has no fc.weight). Use a head from `raycam train`, or weights with one linear layer as fc',
    );
  });

  it('does not run one with hidden layers', () => {
    const tensors = new Map(body)
      .set('fc.0.weight', entry('fc.0.weight', [64, 512]))
      .set('fc.2.weight', entry('fc.2.weight', [2, 64]));
    expect(backboneOfFile(file(tensors), 'h').classifierProblem).toBe(
      'its classifier has hidden layers (fc.0.weight [64, 512], fc.2.weight [2, 64])',
    );
  });

  it('uses ImageNet’s names for 1000 classes only, and the names of the file first', () => {
    expect(classNames(backboneOfFile(file(network()), 'h'))[0]).toBe('tench');
    const two = network(name => name);
    const tensors = new Map(two).set('fc.weight', entry('fc.weight', [2, 512])).set('fc.bias', entry('fc.bias', [2]));
    expect(classNames(backboneOfFile(file(tensors, { classes: ['A', 'B'] }), 'h'))).toEqual(['A', 'B']);
    expect(() => classNames(backboneOfFile(file(tensors), 'h', { classes: ['A'] }))).toThrow(
      'weights: file:w.pth: has 2 classes, but 1 names are given (A)',
    );
  });
});

describe('other networks', () => {
  it.each([
    ['layer1.0.se.fc1.weight', [4, 64, 1, 1], 'is an SE-ResNet (with squeeze-and-excitation), which is not supported'],
    ['conv1.weight', [64, 1, 7, 7], 'is a ResNet for grey images (its conv1 has 1 channel, expected 3)'],
    ['conv1.weight', [64, 3, 3, 3], 'is a ResNet for small images such as CIFAR’s'],
    ['layer1.0.conv1.bias', [64], 'is a ResNet whose convolutions have biases'],
  ])('names the kind that %s %j shows', (name, shape, message) => {
    expect(() => backboneOfFile(file(network(undefined, { [name]: shape })), 'h')).toThrow(message);
  });
});

describe('Python objects beside a state dict', () => {
  const item = (name: string, ...value: Parameters<typeof concat>) => concat(unicode(name), ...value);
  const saved = (...items: Uint8Array[]) => checkpoint(pickle('}(', ...items, 'u'));
  const state = item('state_dict', '}(', unicode('w'), TENSOR, 'u');

  it('become placeholders, and the tensors are read', async () => {
    const args = item('args', 'cargparse\nNamespace\n)', [0x81], '}', unicode('lr'), 'Nsb');
    const read = await open(saved(state, args));
    expect(read.inertGlobals).toEqual(['argparse.Namespace']);
    expect([...(await read.tensors.get('w')!.read())]).toEqual([1, 2, 3, 4]);
  });

  it('are read if PyTorch reads them', async () => {
    const counter = item('c', 'ccollections\nCounter\n}', [0x85], 'R');
    const device = item('d', 'ctorch\ndevice\n', unicode('cpu'), [0x85], 'R');
    expect((await open(saved(state, counter, device))).inertGlobals).toEqual([]);
  });

  it('refuses only the tensor that depends on one', async () => {
    const odd = concat('cmylib\nrebuild\n', TENSOR, [0x85], 'R');
    const read = await open(checkpoint(pickle('}(', unicode('good'), TENSOR, unicode('odd'), odd, 'u')));
    expect([...(await read.tensors.get('good')!.read())]).toEqual([1, 2, 3, 4]);
    await expect(read.tensors.get('odd')!.read()).rejects.toThrow(
      'torch: file, odd: cannot be read (it depends on the Python global "mylib.rebuild", which is never run). Save it as a plain tensor',
    );
  });

  it('gives the classes in the order of class_to_idx', async () => {
    const classes = item('class_to_idx', '}(', unicode('B'), 'K\x01', unicode('A'), 'K\x00', 'u');
    expect((await open(saved(state, classes))).classes).toEqual(['A', 'B']);
  });

  it('notes averaged weights that are not used', async () => {
    const read = await open(saved(state, item('state_dict_ema', '}(', unicode('w'), TENSOR, 'u')));
    expect(read.notes).toEqual([
      'also has averaged weights (EMA) in "state_dict_ema", which are not used. Use them with --ema',
    ]);
  });
});

it.each([
  [
    concat('\x89HDF\r\n\x1a\n'.split('').map(c => c.charCodeAt(0))),
    'is an HDF5 file (Keras .h5), which is not supported',
  ],
  [concat([0x1f, 0x8b, 8, 0]), 'is compressed (gzip). Decompress it first: gunzip FILE'],
  [concat('\x08\x07\x12\x07pytorch'), 'is an ONNX model, which is not supported'],
  [pickle('}'), 'is a pickle that torch.save did not write, which is not supported'],
])('names other files %#', async (bytes, message) => {
  await expect(open(bytes)).rejects.toThrow(message);
});

it('opens a safetensors file with an F8_E4M3FNUZ tensor, which only its reading refuses', async () => {
  const read = await open(safetensors({ x: { dtype: 'F8_E4M3FNUZ', shape: [1], data_offsets: [0, 1] } }, concat([0])));
  await expect(read.tensors.get('x')!.read()).rejects.toThrow('weights: F8_E4M3FNUZ cannot be converted to float32');
});
