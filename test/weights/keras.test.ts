import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors/index.ts';
import { bytesSource } from '../../src/platform/bytes.ts';
import { backboneOfFile } from '../../src/weights/backbone.ts';
import { bytesOf } from '../../src/weights/dtypes.ts';
import { kerasScheme, kerasToTorchvision } from '../../src/weights/keras_names.ts';
import { expectedTensors } from '../../src/weights/resnet_shapes.ts';
import { elementCount, type StateDict, tensorOf } from '../../src/weights/tensor_entry.ts';
import { openTfjsLayers } from '../../src/weights/tfjs_layers.ts';
import { concat } from './build.ts';

interface Model {
  readonly json: unknown;
  readonly shards: Readonly<Record<string, Uint8Array>>;
}

function openModel({ json, shards }: Model) {
  const source = bytesSource('model.json', concat(JSON.stringify(json)));
  return openTfjsLayers(source, async name => {
    if (!Object.hasOwn(shards, name)) throw new InputError(`${name}: does not exist`);
    return bytesSource(name, shards[name]!);
  });
}

/** A model with one group whose bytes are divided into shards of 7 bytes. */
function model(weights: readonly unknown[], data: Uint8Array): Model {
  const shards: Record<string, Uint8Array> = {};
  for (let at = 0; at < data.length; at += 7) shards[`shard${at / 7}.bin`] = data.slice(at, at + 7);
  return { json: { weightsManifest: [{ paths: Object.keys(shards), weights }] }, shards };
}

const WEIGHTS = [
  { name: 'a', shape: [2, 2], dtype: 'float32' },
  { name: 'b', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
  { name: 'c', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
  { name: 'd', shape: [1], dtype: 'int32', quantization: { dtype: 'uint8', scale: 0.7, min: 0 } },
];
const DATA = concat(bytesOf(Float32Array.of(1, -2, 3, -4)), [0, 2, 255], [0, 0x3c, 0, 0xc0], [3]);

describe('TensorFlow.js layers models', () => {
  it('reads tensors that span several shards, and quantised ones', async () => {
    const { tensors, format } = await openModel(model(WEIGHTS, DATA));
    expect(format).toBe('tfjs-layers');
    const values = await Promise.all([...tensors.values()].map(async entry => [...(await entry.read())]));
    expect(values).toEqual([[1, -2, 3, -4], [-1, 0, 126.5], [1, -2], [2]]);
  });

  it('lists every missing shard in one error', async () => {
    const { json, shards } = model(WEIGHTS, DATA);
    const { 'shard1.bin': _, 'shard3.bin': __, ...rest } = shards;
    await expect(openModel({ json, shards: rest })).rejects.toThrow(
      'tfjs: model.json: 2 of 4 shards are missing (shard1.bin, shard3.bin). Put them into the same folder',
    );
  });

  it.each([
    [
      'shards longer than the weights',
      model(WEIGHTS, concat(DATA, [0])),
      /the shards have 25 bytes but the weights need 24/,
    ],
    [
      'shards shorter than the weights',
      model(WEIGHTS, DATA.subarray(1)),
      /the shards have 23 bytes but the weights need 24/,
    ],
    [
      'a path that leaves the folder',
      { json: { weightsManifest: [{ paths: ['../x'], weights: [] }] }, shards: {} },
      /a shard must be the name of a file in the same folder, got "\.\.\/x"/,
    ],
    ['no manifest', { json: {}, shards: {} }, /is not a TensorFlow\.js model \(it has no weightsManifest\)/],
    [
      'strings',
      model([{ name: 's', shape: [1], dtype: 'string' }], DATA),
      /s: unknown dtype "string"\. Known: float32, /,
    ],
    ['a wrong shape', model([{ name: 's', shape: [-1], dtype: 'bool' }], DATA), /s: \[-1\] is not a valid shape/],
    [
      'no scale',
      model([{ name: 's', shape: [1], dtype: 'float32', quantization: { dtype: 'uint8' } }], DATA),
      /scale and min must be finite numbers, got undefined and undefined/,
    ],
    [
      'a repeated name',
      model([WEIGHTS[0], WEIGHTS[0]], concat(DATA, [0, 0, 0, 0, 0, 0, 0, 0])),
      /two weights are named "a"/,
    ],
  ] as [string, Model, RegExp][])('rejects %s', async (_, broken, error) => {
    await expect(openModel(broken)).rejects.toThrow(error);
  });
});

/** A ResNet-50 under Keras' names. Kernels and the head are 0, convolution biases 0.25, batch norm values 1. */
function kerasResNet50(scheme: 'caffe' | 'applications'): StateDict {
  const roles = { weight: 'gamma', bias: 'beta', running_mean: 'moving_mean', running_var: 'moving_variance' };
  const tensors = new Map();
  const add = (name: string, shape: readonly number[], fill = 0) =>
    tensors.set(name, tensorOf(name, shape, new Float32Array(elementCount(shape)).fill(fill)));
  for (const [name, shape] of expectedTensors('resnet50')) {
    const layer = name.slice(0, name.lastIndexOf('.'));
    const role = name.slice(layer.length + 1) as keyof typeof roles;
    if (layer === 'fc')
      add(`${scheme === 'caffe' ? 'fc1000' : 'probs'}/${role === 'weight' ? 'kernel' : 'bias'}`, shape.toReversed());
    else if (shape.length === 4) {
      const [o, i, h, w] = shape as [number, number, number, number];
      add(`${kerasLayer(layer, scheme)}/kernel`, [h, w, i, o]);
      add(`${kerasLayer(layer, scheme)}/bias`, [o], 0.25);
    } else add(`${kerasLayer(layer, scheme)}/${roles[role]}`, shape, 1);
  }
  return tensors;
}

function kerasLayer(module: string, scheme: 'caffe' | 'applications'): string {
  if (!module.includes('.')) {
    const names = {
      caffe: { conv1: 'conv1', bn1: 'bn_conv1' },
      applications: { conv1: 'conv1_conv', bn1: 'conv1_bn' },
    };
    return names[scheme][module as 'conv1' | 'bn1'];
  }
  const [, stage, block, part] = /^layer(\d)\.(\d)\.(.*)$/.exec(module)!;
  const isShortcut = part!.startsWith('downsample');
  const isConvolution = part === 'downsample.0' || part!.startsWith('conv');
  const index = isShortcut ? 0 : Number(part!.at(-1));
  if (scheme === 'applications') {
    return `conv${Number(stage) + 1}_block${Number(block) + 1}_${index}_${isConvolution ? 'conv' : 'bn'}`;
  }
  const branch = isShortcut ? '1' : `2${'abc'[index - 1]}`;
  return `${isConvolution ? 'res' : 'bn'}${Number(stage) + 1}${'abcdef'[Number(block)]}_branch${branch}`;
}

describe("Keras' names", () => {
  it.each(['caffe', 'applications'] as const)(
    '%s: translates every tensor of a ResNet-50 to torchvision’s names',
    async scheme => {
      const tensors = kerasResNet50(scheme);
      expect(kerasScheme(tensors)).toBe(scheme);
      const shapes = [...kerasToTorchvision(tensors).values()].map(({ name, shape }) => [name, shape]);
      expect(new Map(shapes as [string, number[]][])).toEqual(expectedTensors('resnet50'));
      const file = {
        name: 'f',
        format: 'tfjs-layers',
        sizeBytes: 0,
        sources: [],
        tensors,
        metadata: {},
        close: async () => {},
      } as const;
      const backbone = backboneOfFile(file, 'hash');
      expect(backbone).toMatchObject({
        architecture: 'resnet50',
        strideOn: '1x1',
        eps: scheme === 'caffe' ? 1e-3 : 1.001e-5,
      });
      expect(backbone.preprocessing.channelOrder).toBe('BGR');
      expect((await backbone.stateDict.get('layer2.0.downsample.1.running_mean')!.read())[0]).toBe(0.75);
    },
  );

  it('transposes convolution kernels to OIHW and dense kernels to [out, in]', async () => {
    const kernel = Float32Array.from({ length: 2 * 1 * 3 * 2 }, (_, i) => i);
    const tensors = new Map([
      ['conv1/kernel', tensorOf('conv1/kernel', [2, 1, 3, 2], kernel)],
      ['fc1000/kernel', tensorOf('fc1000/kernel', [2, 3], kernel.slice(0, 6))],
    ]);
    const converted = kerasToTorchvision(tensors);
    expect(converted.get('conv1.weight')!.shape).toEqual([2, 3, 2, 1]);
    expect([...(await converted.get('conv1.weight')!.read())]).toEqual([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]);
    expect([...(await converted.get('fc.weight')!.read())]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('rejects names of other networks', () => {
    const tensors = new Map([['block1_conv1/kernel', tensorOf('block1_conv1/kernel', [1], Float32Array.of(0))]]);
    expect(() => kerasToTorchvision(tensors)).toThrow(
      "weights: block1_conv1/kernel: is not a tensor of Keras' ResNets",
    );
  });
});
