import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource } from '#platform';
import { Head, initialHead } from '../../src/nn/head.ts';
import { checkHeadFits, encodeHead, type HeadMetadata, readHead } from '../../src/nn/head_file.ts';
import { TorchRandom } from '../../src/nn/torch_random.ts';
import { Device } from '../../src/runtime/device.ts';
import { PREPROCESSINGS } from '../../src/weights/preprocessing.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { writeSafetensors } from '../../src/weights/safetensors_writer.ts';
import { pattern, patternHead } from './pattern.ts';

const classes = ['NORMAL', 'PNEUMONIA'];
const metadata: HeadMetadata = {
  backbone: 'resnet152.net2net_r50',
  featuresOf: 'resnet50.caffe_in1k',
  weightsHash: 'ab12',
  preprocessing: { resize: [224, 224], mean: [103.939, 116.779, 123.68] },
  training: { epochs: 10, select: 'last' },
  metrics: { accuracy: 0.75, notes: [] },
};
const open = (bytes: Uint8Array, name = 'chest.safetensors') => openSafetensors(bytesSource(name, bytes));

describe('the head', () => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter: 'swiftshader' });
  });
  afterAll(() => device.dispose());

  it("starts like PyTorch's Linear, uniform in ±1 / sqrt(F)", () => {
    const { weight, bias } = initialHead({ classes, featureCount: 2048, random: new TorchRandom(3) });
    const bound = 1 / Math.sqrt(2048);
    expect([weight.length, bias.length]).toEqual([4096, 2]);
    for (const value of [...weight, ...bias]) expect(Math.abs(value)).toBeLessThanOrEqual(Math.fround(bound));
    const deviation = Math.sqrt(weight.reduce((sum, value) => sum + value ** 2, 0) / weight.length);
    expect(deviation / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
    expect(initialHead({ classes, featureCount: 2048, random: new TorchRandom(3) }).weight).toEqual(weight);
    expect(initialHead({ classes, featureCount: 2048, random: new TorchRandom(4) }).weight).not.toEqual(weight);
  });

  it('returns logits and log-probabilities, and frees everything else', async () => {
    const values = patternHead(2, 5);
    const head = new Head(device, values);
    const features = pattern(15, 9);
    const x = device.tensor(features, [3, 5]);
    const before = device.memoryUse.liveBytes;
    const [logits, y] = [head.logits(x), head.forward(x)];
    const [z, p] = [await logits.read(), await y.read()];
    for (let n = 0; n < 3; n++) {
      const row = [0, 1].map(
        k =>
          values.bias[k]! + [0, 1, 2, 3, 4].reduce((s, i) => s + features[n * 5 + i]! * values.weight[k * 5 + i]!, 0),
      );
      const total = Math.log(Math.exp(row[0]!) + Math.exp(row[1]!));
      row.forEach((logit, k) => {
        expect(z[n * 2 + k]).toBeCloseTo(logit, 6);
        expect(p[n * 2 + k]).toBeCloseTo(logit - total, 6);
      });
    }
    logits.dispose();
    y.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
    expect(await head.values()).toEqual(values);
  });

  it('rejects values of other sizes', () => {
    expect(() => new Head(device, { ...patternHead(2, 5), featureCount: 6 })).toThrow(
      'head: 2 classes on 6 features need 12 weights and 2 biases, got 10 and 2',
    );
  });
});

describe('a head file', () => {
  const head = { ...patternHead(2, 8), classes };

  it('is read back as it was written, and has the same bytes each time', async () => {
    const bytes = encodeHead(head, metadata);
    expect(await readHead(await open(bytes))).toEqual({ name: 'chest.safetensors', head, metadata });
    expect(encodeHead(head, metadata)).toEqual(bytes);
  });

  it("has PyTorch's names", async () => {
    const file = await open(encodeHead(head, metadata));
    expect([...file.tensors.values()].map(({ name, shape }) => [name, shape])).toEqual([
      ['fc.0.bias', [2]],
      ['fc.0.weight', [2, 8]],
    ]);
  });

  it('is rejected if it is another kind of file', async () => {
    await expect(readHead(await open(writeSafetensors([])))).rejects.toThrow(
      'head: chest.safetensors: is not a head file (it has no fc.0.weight and no fc.0.bias). Train one with `raycam train`',
    );
  });

  it('is rejected without classes, or with classes that do not match', async () => {
    const tensors = [
      { name: 'fc.0.weight', shape: [2, 8], values: head.weight },
      { name: 'fc.0.bias', shape: [2], values: head.bias },
    ];
    await expect(readHead(await open(writeSafetensors(tensors)))).rejects.toThrow(
      'head: chest.safetensors: has no classes in its metadata, expected a JSON array of strings. Train it again with `raycam train`',
    );
    await expect(readHead(await open(writeSafetensors(tensors, { classes: '["a", "b", "c"]' })))).rejects.toThrow(
      'head: chest.safetensors: has 3 classes, expected fc.0.weight [3, F] and fc.0.bias [3], got [2, 8] and [2]',
    );
    await expect(
      readHead(await open(writeSafetensors(tensors, { classes: '["a", "b"]', metrics: '3' }))),
    ).rejects.toThrow(
      'head: chest.safetensors: is damaged (its "metrics" is not a JSON object). Download or copy it again',
    );
  });
});

describe('checkHeadFits', () => {
  const file = { name: 'chest.safetensors', head: patternHead(2, 8), metadata };
  const r50 = { id: 'resnet50.caffe_in1k', featuresOf: 'resnet50.caffe_in1k', weightsHash: 'ab12', featureCount: 8 };

  it('accepts a backbone that computes the same function, of any depth', () => {
    expect(() => checkHeadFits(file, r50)).not.toThrow();
    expect(() => checkHeadFits(file, { ...r50, id: 'resnet152.net2net_r50', weightsHash: '' })).not.toThrow();
  });

  it('accepts a weights file with the same bytes and another name', () => {
    expect(() => checkHeadFits(file, { ...r50, id: 'file:mine.pth', featuresOf: 'file:mine.pth' })).not.toThrow();
  });

  it('rejects another backbone', () => {
    const other = {
      id: 'resnet152.tv_in1k_v1',
      featuresOf: 'resnet152.tv_in1k_v1',
      weightsHash: 'cd34',
      featureCount: 8,
    };
    expect(() => checkHeadFits(file, other)).toThrow(
      'head: chest.safetensors: was trained on resnet152.net2net_r50 (8 features), not on resnet152.tv_in1k_v1 (8 features). Pass --backbone resnet152.net2net_r50, or train a head for resnet152.tv_in1k_v1 with `raycam train`',
    );
  });

  it('rejects a weights file with the same name and other bytes', () => {
    const mine = { ...file, metadata: { ...metadata, backbone: 'file:mine.pth', featuresOf: 'file:mine.pth' } };
    const other = { id: 'file:mine.pth', featuresOf: 'file:mine.pth', weightsHash: 'cd34', featureCount: 8 };
    expect(() => checkHeadFits(mine, other)).toThrow(
      'head: chest.safetensors: was trained on file:mine.pth (8 features), not on file:mine.pth (8 features). Pass the weights that it was trained with, or train a head for file:mine.pth with `raycam train`',
    );
  });

  it('rejects another preprocessing and another stride', () => {
    const preprocessing = { channelOrder: 'BGR', scale: 1, mean: [1, 2, 3], std: [1, 1, 1] };
    const mine = { ...file, metadata: { ...metadata, preprocessing, strideOn: '1x1' } };
    expect(() => checkHeadFits(mine, { ...r50, preprocessing: PREPROCESSINGS.torchvision })).toThrow(
      "head: chest.safetensors: was trained with images normalised to BGR with mean 1, 2, 3 and std 1, 1, 1, but resnet50.caffe_in1k gets RGB with mean 0.485, 0.456, 0.406 and std 0.229, 0.224, 0.225. Omit --preprocess, --mean and --std to use the head's, or train a head for this preprocessing",
    );
    expect(() => checkHeadFits(mine, { ...r50, strideOn: '3x3' })).toThrow(
      'was trained with the stride on the 1x1, but resnet50.caffe_in1k has it on the 3x3',
    );
  });

  it('compares the stride only where blocks have two places for it', () => {
    const mine = { ...file, metadata: { ...metadata, strideOn: '1x1' } };
    expect(() => checkHeadFits(mine, { ...r50, strideOn: '3x3', architecture: 'resnet18' })).not.toThrow();
    expect(() => checkHeadFits(mine, { ...r50, strideOn: '3x3', architecture: 'resnet50' })).toThrow(
      "Omit --stride-on to use the head's, or train a head for this stride",
    );
  });

  it('rejects batch norms with another eps', () => {
    const mine = { ...file, metadata: { ...metadata, eps: 1e-3 } };
    expect(() => checkHeadFits(mine, { ...r50, eps: 1e-3 })).not.toThrow();
    expect(() => checkHeadFits(mine, { ...r50, eps: 1e-5 })).toThrow(
      'head: chest.safetensors: was trained with batch norms whose eps is 0.001, but resnet50.caffe_in1k has 0.00001. Train a head for resnet50.caffe_in1k',
    );
  });

  it('rejects features of another length', () => {
    expect(() => checkHeadFits(file, { ...r50, featureCount: 512 })).toThrow(
      'trained on resnet152.net2net_r50 (8 features), not on resnet50.caffe_in1k (512 features)',
    );
  });
});
