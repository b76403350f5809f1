import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/data/random.ts';
import {
  type AugmentationParameters,
  augment,
  evaluationTransform,
  preprocess,
  randomAugmentation,
  resizeImage,
  squashTransform,
  uploadImage,
} from '../../src/data/transforms.ts';
import type { DecodedImage } from '../../src/platform/types.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { PREPROCESSINGS } from '../../src/weights/preprocessing.ts';
import fixtures from './fixtures/transforms.json' with { type: 'json' };

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

interface Stored {
  width: number;
  height: number;
  pixels: string;
}

/** An image of the same noise as in scripts/make_transform_fixtures.py. */
function pattern([width, height]: readonly number[]): DecodedImage {
  const pixels = Uint8Array.from({ length: 3 * width! * height! }, (_, i) => {
    let h = i ^ (i >>> 16);
    h = Math.imul(h, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 24;
  });
  return { width: width!, height: height!, pixels };
}

/** Converts [3, H, W] to the bytes of an image. */
function bytesOf(planes: Float32Array): Uint8Array {
  const area = planes.length / 3;
  return Uint8Array.from({ length: planes.length }, (_, i) => planes[(i % 3) * area + Math.floor(i / 3)]!);
}

async function expectPixels(x: Tensor, { width, height, pixels }: Stored): Promise<void> {
  expect(x.shape).toEqual([3, height, width]);
  const planes = await x.read();
  expect(planes.every(Number.isInteger)).toBe(true);
  expect(Buffer.from(bytesOf(planes)).equals(Buffer.from(pixels, 'base64'))).toBe(true);
}

describe('resizeImage equals PIL to the last pixel', () => {
  for (const { why, size, to, result } of fixtures.squashed)
    it(why, () =>
      expectPixels(resizeImage(device, uploadImage(device, pattern(size)), { height: to[1]!, width: to[0]! }), result),
    );
});

describe('resizeImage with a crop equals torchvision to the last pixel', () => {
  for (const { why, size, shorterSide, crop, result } of fixtures.evaluated)
    it(why, () => expectPixels(resizeImage(device, uploadImage(device, pattern(size)), { shorterSide, crop }), result));

  it('rejects a crop larger than the image', () =>
    expect(() => resizeImage(device, uploadImage(device, pattern([40, 30])), { shorterSide: 20, crop: 24 })).toThrow(
      'image: a crop of 24 x 24 does not fit into 26 x 20 pixels',
    ));
});

describe('augment equals torchvision to the last pixel', () => {
  for (const { why, size, parameters, result } of fixtures.augmented)
    it(why, () =>
      expectPixels(
        augment(device, uploadImage(device, pattern(size)), parameters as unknown as AugmentationParameters),
        result,
      ),
    );
});

describe('preprocess', () => {
  const [{ size, to, result }] = fixtures.squashed as [(typeof fixtures.squashed)[0]];
  const spec = (name: keyof typeof PREPROCESSINGS) => ({
    ...squashTransform(PREPROCESSINGS[name]),
    resize: { height: to[1]!, width: to[0]! },
  });
  const resized = Buffer.from(result.pixels, 'base64');
  const area = result.width * result.height;

  it('scales and normalises RGB for torchvision', async () => {
    const x = preprocess(device, pattern(size), spec('torchvision'));
    expect(x.shape).toEqual([1, 3, result.height, result.width]);
    const { mean, std } = PREPROCESSINGS.torchvision;
    for (const [i, value] of (await x.read()).entries()) {
      const c = Math.floor(i / area);
      expect(value).toBeCloseTo((resized[(i % area) * 3 + c]! / 255 - mean[c]!) / std[c]!, 5);
    }
  });

  it('puts blue first and subtracts the mean for Caffe', async () => {
    const values = await preprocess(device, pattern(size), spec('caffe')).read();
    for (const [i, value] of values.entries()) {
      const c = Math.floor(i / area);
      expect(value).toBe(Math.fround(resized[(i % area) * 3 + (2 - c)]! - Math.fround(PREPROCESSINGS.caffe.mean[c]!)));
    }
  });

  it('fills a batch image by image, and frees all other memory', async () => {
    const transform = { ...squashTransform(PREPROCESSINGS.torchvision, 32) };
    const alone = await preprocess(device, pattern([50, 40]), transform).read();
    const before = device.memoryUse.liveBytes;
    const batch = device.empty([2, 3, 32, 32], 'batch');
    for (const i of [0, 1]) {
      const output = batch.view([1, 3, 32, 32], i * 3 * 32 * 32);
      expect(preprocess(device, pattern(i ? [50, 40] : [33, 37]), transform, { output })).toBe(output);
      output.dispose();
    }
    const both = await batch.read();
    expect(both.subarray(3 * 32 * 32)).toEqual(alone);
    expect(both.subarray(0, 3 * 32 * 32)).not.toEqual(alone);
    batch.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
  });

  it('augments the resized pixels', async () => {
    const transform = squashTransform(PREPROCESSINGS.caffe, 24);
    const augmentation = randomAugmentation(Random.of(1), { horizontalFlip: 1 });
    const straight = await preprocess(device, pattern([50, 40]), transform).read();
    const flipped = await preprocess(device, pattern([50, 40]), transform, { augmentation }).read();
    for (const [i, value] of flipped.entries()) expect(value).toBe(straight[i - (i % 24) + 23 - (i % 24)]);
  });

  it('returns the evaluation transform of each set of weights', () => {
    const { resize, mean, std, scale, channelOrder } = evaluationTransform({
      ...PREPROCESSINGS.torchvision,
      resize: 232,
    });
    expect({ resize, mean, std, scale, channelOrder }).toEqual({
      resize: { shorterSide: 232, crop: 224 },
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      scale: 1 / 255,
      channelOrder: 'RGB',
    });
  });

  it('rejects the wrong number of pixels', () =>
    expect(() => preprocess(device, { ...pattern([4, 4]), width: 5 }, spec('caffe'))).toThrow(
      'image: 5 x 4 pixels need 60 bytes, got 48',
    ));
});

describe('randomAugmentation', () => {
  it('draws the same parameters from the same seed, and survives JSON', () => {
    const drawn = randomAugmentation(Random.of(7, 'a'));
    expect(randomAugmentation(Random.of(7, 'a'))).toEqual(drawn);
    expect(randomAugmentation(Random.of(8, 'a'))).not.toEqual(drawn);
    expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
  });

  it('stays within its ranges', () => {
    const random = Random.of(3);
    const options = {
      horizontalFlip: 0.25,
      verticalFlip: 0,
      rotation: [5, 8] as const,
      affine: { degrees: 3, translate: [0.1, 0] as const, scale: [0.9, 1.2] as const, shear: [-1, 0, 2, 4] as const },
      grayscale: 1,
    };
    const drawn = Array.from({ length: 400 }, () => randomAugmentation(random, options));
    const within = (values: number[], low: number, high: number) => {
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values)).toBeLessThanOrEqual(high);
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThanOrEqual(0.9 * (high - low));
    };
    within(
      drawn.map(d => d.rotation),
      5,
      8,
    );
    within(
      drawn.map(d => d.affine.angle),
      -3,
      3,
    );
    within(
      drawn.map(d => d.affine.translate[0]),
      -0.1,
      0.1,
    );
    within(
      drawn.map(d => d.affine.translate[1]),
      0,
      0,
    );
    within(
      drawn.map(d => d.affine.scale),
      0.9,
      1.2,
    );
    within(
      drawn.map(d => d.affine.shear[0]),
      -1,
      0,
    );
    within(
      drawn.map(d => d.affine.shear[1]),
      2,
      4,
    );
    expect(drawn.filter(d => d.horizontalFlip).length / drawn.length).toBeCloseTo(0.25, 1);
    expect(drawn.some(d => d.verticalFlip)).toBe(false);
    expect(drawn.every(d => d.grayscale)).toBe(true);
  });
});
