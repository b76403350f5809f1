import { describe, expect, it } from 'vitest';
import { sizeKey } from '../../src/nn/convolution_size.ts';
import { modulePaths } from '../../src/nn/resnet.ts';
import { distinctConvolutions, resnetWork } from '../../src/nn/resnet_work.ts';
import { resnet152Convolutions } from '../../src/oracle/resnet152_convolutions.ts';
import { RESNET_ARCHITECTURES } from '../../src/weights/resnet_shapes.ts';

/** Multiply-adds of convolutions and `fc`, in units of 1e9. */
const gigaMacs = (name: Parameters<typeof resnetWork>[0], options = {}) =>
  resnetWork(name, options)
    .filter(({ path }) => !path.endsWith('pool'))
    .reduce((sum, { flop }) => sum + flop, 0) / 2e9;

describe('resnetWork', () => {
  // `_ops` of torchvision's weights, which counts multiply-adds.
  it.each([
    ['resnet18', 1.814],
    ['resnet34', 3.664],
    ['resnet50', 4.089],
    ['resnet101', 7.801],
    ['resnet152', 11.514],
  ] as const)('counts as many operations as torchvision for %s', (name, expected) => {
    expect(gigaMacs(name)).toBeCloseTo(expected, 3);
  });

  it('is proportional to the batch', () => {
    expect(gigaMacs('resnet50', { batch: 8 })).toBeCloseTo(8 * gigaMacs('resnet50'), 9);
  });

  it.each(RESNET_ARCHITECTURES)('names every convolution and pool of %s, and fc, once', name => {
    const paths = resnetWork(name).map(({ path }) => path);
    const expected = modulePaths(name).filter(path => /conv\d$|downsample\.0$|pool$|^fc$/.test(path));
    expect(paths.toSorted()).toEqual(expected.toSorted());
  });

  it.each(['3x3', '1x1'] as const)(
    'has only convolutions that the kernels are tested on, stride on the %s',
    strideOn => {
      const tested = new Set(
        resnet152Convolutions.map(({ kernelSize, size, ...c }) =>
          sizeKey({
            ...c,
            batch: 1,
            kernelSize: [kernelSize, kernelSize],
            padding: (kernelSize - 1) / 2,
            size: [size, size],
          }),
        ),
      );
      const found = distinctConvolutions('resnet152', { strideOn }).map(({ shape }) => sizeKey(shape));
      expect(found.filter(one => !tested.has(one))).toEqual([]);
    },
  );
});
