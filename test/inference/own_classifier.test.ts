/** The classifier of a fine-tuned network, used as a head. */
import { describe, expect, it } from 'vitest';
import { inOrderOf, ownClassifier } from '../../src/inference/own_classifier.ts';
import { type Backbone, backboneOfFile, type FileOptions } from '../../src/weights/backbone.ts';
import { PREPROCESSINGS } from '../../src/weights/preprocessing.ts';
import { expectedTensors } from '../../src/weights/resnet_shapes.ts';
import { elementCount, type TensorEntry } from '../../src/weights/tensor_entry.ts';

const FEATURES = 512;

function entry(name: string, shape: readonly number[]): TensorEntry {
  const read = async () => Float32Array.from({ length: elementCount(shape) }, (_, i) => i + shape[0]! / 100);
  return { name, dtype: 'F32', shape, read };
}

/** A ResNet-18 with these tensors instead of `fc`. */
function network(classifier: Readonly<Record<string, readonly number[]>>, options: FileOptions = {}): Backbone {
  const body = [...expectedTensors('resnet18')].filter(([name]) => !name.startsWith('fc.'));
  const tensors = new Map([...body, ...Object.entries(classifier)].map(([name, shape]) => [name, entry(name, shape)]));
  const file = { name: 'tuned.pth', format: 'torch-zip', sizeBytes: 0, sources: [], metadata: {} } as const;
  return backboneOfFile({ ...file, tensors, close: async () => {} }, 'hash', options);
}

function linear(path: string, classes: number): Record<string, readonly number[]> {
  return { [`${path}.weight`]: [classes, FEATURES], [`${path}.bias`]: [classes] };
}

describe('ownClassifier', () => {
  it.each([
    ['fc', 2],
    ['fc', 14],
    ['fc.0', 2], // a LogSoftmax follows, which has no tensors
    ['fc.1', 3], // after a Dropout
    ['last_linear', 5],
    ['classifier', 2],
    ['head.fc', 2],
  ])('reads %s with %i classes', async (path, count) => {
    const head = await ownClassifier(network(linear(path, count)));
    expect(head.classes).toEqual(Array.from({ length: count }, (_, i) => `class ${i}`));
    expect([head.featureCount, head.weight.length, head.bias.length]).toEqual([FEATURES, count * FEATURES, count]);
    expect([head.weight[1], head.bias[0]]).toEqual([1 + count / 100, count / 100].map(Math.fround));
  });

  it('uses the names that the caller gives', async () => {
    const head = await ownClassifier(network(linear('fc', 2), { classes: ['NORMAL', 'SICK'] }));
    expect(head.classes).toEqual(['NORMAL', 'SICK']);
  });

  it('turns one output with two names into the logits 0 and that output', async () => {
    const head = await ownClassifier(network(linear('fc', 1), { classes: ['NORMAL', 'SICK'] }));
    expect(head.classes).toEqual(['NORMAL', 'SICK']);
    expect(head.weight.subarray(0, FEATURES)).toEqual(new Float32Array(FEATURES));
    expect(head.weight.subarray(FEATURES)).toEqual(Float32Array.from({ length: FEATURES }, (_, i) => i + 0.01));
    expect(head.bias).toEqual(Float32Array.of(0, 0.01));
  });

  it.each([[undefined], [['SICK']], [['A', 'B', 'C']]])('rejects one output with the names %j', async classes => {
    await expect(ownClassifier(network(linear('fc', 1), { classes }))).rejects.toThrow(
      `weights: file:tuned.pth: has a classifier with one output, which needs the names of two classes, got ${classes?.length ?? 0}. If it was trained with a sigmoid, pass --classes NEGATIVE,POSITIVE`,
    );
  });

  it('rejects another number of names', async () => {
    await expect(ownClassifier(network(linear('fc', 2), { classes: ['A', 'B', 'C'] }))).rejects.toThrow(
      'weights: file:tuned.pth: has 2 classes, but 3 names are given (A, B, C)',
    );
  });

  it.each([
    [
      'hidden layers',
      { 'fc.0.weight': [64, FEATURES], 'fc.0.bias': [64], 'fc.3.weight': [2, 64], 'fc.3.bias': [2] },
      'its classifier has hidden layers (fc.0.weight [64, 512], fc.0.bias [64], fc.3.weight [2, 64], fc.3.bias [2])',
    ],
    [
      'two classifiers',
      { ...linear('fc', 2), ...linear('classifier', 3) },
      'the file has several classifiers (fc, classifier)',
    ],
    [
      'another number of features',
      { 'fc.weight': [2, 2048], 'fc.bias': [2] },
      'its classifier does not take the 512 features of layer4 (fc.weight [2, 2048], fc.bias [2])',
    ],
    [
      'weight normalisation',
      { 'fc.weight_g': [2, 1], 'fc.weight_v': [2, FEATURES], 'fc.bias': [2] },
      'its classifier has weight normalisation (fc.weight_g [2, 1], fc.weight_v [2, 512], fc.bias [2]). Remove it in Python: torch.nn.utils.remove_weight_norm',
    ],
    ['no classifier', {}, 'it has no fc.weight'],
  ])('says why it cannot run one with %s', async (_, classifier, why) => {
    await expect(ownClassifier(network(classifier))).rejects.toThrow(
      `weights: file:tuned.pth: has no classifier that can run (${why}). Use a head from \`raycam train\`, or weights with one linear layer as fc`,
    );
  });
});

describe('inOrderOf', () => {
  const head = {
    classes: ['SICK', 'NORMAL'],
    featureCount: 2,
    weight: Float32Array.of(1, 2, 3, 4),
    bias: Float32Array.of(5, 6),
  };

  it('moves the rows of the weights and the biases with the classes', () => {
    expect(inOrderOf(['NORMAL', 'SICK'], head)).toEqual({
      classes: ['NORMAL', 'SICK'],
      featureCount: 2,
      weight: Float32Array.of(3, 4, 1, 2),
      bias: Float32Array.of(6, 5),
    });
  });

  it('returns a head with other classes unchanged', () => {
    for (const classes of [['NORMAL'], ['NORMAL', 'PNEUMONIA'], ['A', 'B', 'C']])
      expect(inOrderOf(classes, head)).toBe(head);
  });
});

describe('the preprocessing of a network of one’s own', () => {
  it('replaces the members that the caller sets', () => {
    const { preprocessing } = network({}, { preprocessing: { mean: [0.5, 0.5, 0.5], resize: 300 } });
    expect(preprocessing).toEqual({ ...PREPROCESSINGS.torchvision, mean: [0.5, 0.5, 0.5], resize: 300 });
    const caffe = network({}, { preprocess: 'caffe', preprocessing: { crop: 200 } });
    expect(caffe.preprocessing).toEqual({ ...PREPROCESSINGS.caffe, crop: 200 });
  });

  it('rejects a crop that is larger than the resized image', () => {
    expect(() => network({}, { preprocessing: { crop: 257 } })).toThrow(
      'preprocessing: crop must be at most resize (256), got 257',
    );
    expect(network({}, { preprocessing: { crop: 256 } }).preprocessing.crop).toBe(256);
  });
});
