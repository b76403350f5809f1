import { describe, expect, it } from 'vitest';
import { sizeKey } from '../../src/nn/convolution_size.ts';
import { modulePaths } from '../../src/nn/resnet.ts';
import { distinctConvolutions, resnetWork } from '../../src/nn/resnet_work.ts';
import { resnet152Convolutions } from '../../src/oracle/cases/resnet152_convolutions.ts';
import { RESNET_ARCHITECTURES } from '../../src/weights/resnet_shapes.ts';

const gigaMacs = (name: Parameters<typeof resnetWork>[0], options = {}) =>
  resnetWork(name, options).reduce((sum, { flop }) => sum + flop, 0) / 2e9;

describe('resnetWork', () => {
  // torchvision's table of models: 1.81, 3.66, 4.09, 7.80 and 11.51 GFLOPS, by which it means multiply-adds.
  it.each([
    ['resnet18', 1.81],
    ['resnet34', 3.66],
    ['resnet50', 4.09],
    ['resnet101', 7.8],
    ['resnet152', 11.51],
  ] as const)('counts what torchvision counts for %s', (name, expected) => {
    expect(gigaMacs(name)).toBeCloseTo(expected, 1);
  });

  it('is linear in the batch', () => {
    expect(gigaMacs('resnet50', { batch: 8 })).toBeCloseTo(8 * gigaMacs('resnet50'), 9);
  });

  it.each(RESNET_ARCHITECTURES)('names modules of %s, each once', name => {
    const paths = resnetWork(name).map(({ path }) => path);
    const known = new Set(modulePaths(name));
    expect(paths.filter(path => !known.has(path))).toEqual([]);
    const convolutions = [...known].filter(path => /conv\d$|downsample\.0$/.test(path));
    expect(paths.filter(path => /conv|downsample/.test(path)).sort()).toEqual(convolutions.sort());
  });

  it.each(['3x3', '1x1'] as const)(
    'has the convolutions that the kernels are tested on, stride on the %s',
    strideOn => {
      const tested = new Set(
        resnet152Convolutions.map(({ kernel, size, ...c }) =>
          sizeKey({ ...c, batch: 1, kernel: [kernel, kernel], padding: (kernel - 1) / 2, size: [size, size] }),
        ),
      );
      const found = distinctConvolutions('resnet152', { strideOn }).map(({ shape }) => sizeKey(shape));
      expect(found.filter(one => !tested.has(one))).toEqual([]);
    },
  );
});
