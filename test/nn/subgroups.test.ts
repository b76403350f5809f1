import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conv2d1x1Quads, conv2d1x1Swaps } from '../../src/kernels/conv2d_1x1.ts';
import { winogradMatmul, winogradMatmulSwaps } from '../../src/kernels/winograd_matmul.ts';
import { planConvolution } from '../../src/nn/plan_convolution.ts';
import { makeInput } from '../../src/oracle/check.ts';
import type { AdapterFamily } from '../../src/runtime/adapter.ts';
import { Device } from '../../src/runtime/device.ts';

describe('kernels for subgroups', () => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter: 'swiftshader' });
  });
  afterAll(() => device.dispose());

  const tensor = (shape: readonly number[], seed: number) => {
    const { data } = makeInput(shape, seed);
    return device.tensor(data, shape);
  };

  it.each([
    [64, 256, 28],
    [256, 64, 14],
    [70, 37, 6],
  ])('conv2d_1x1_swaps of %d > %d channels at %d has the bits of conv2d_1x1_quads', async (channels, out, side) => {
    const inputs = {
      x: tensor([2, channels, side, side], 1),
      weight: tensor([Math.ceil(out / 8), channels, 8], 2),
      scale: tensor([out], 3),
      shift: tensor([out], 4),
      residual: tensor([2, out, side, side], 5),
    };
    const options = { outChannels: out, kernelSize: [1, 1], stride: 1, padding: 0, relu: true } as const;
    const [quads, swaps] = [conv2d1x1Quads, conv2d1x1Swaps].map(kernel => device.run(kernel, inputs, options).y);
    expect(await swaps!.read()).toEqual(await quads!.read());
    for (const owned of [quads, swaps, ...Object.values(inputs)]) owned!.dispose();
  });

  it.each([
    [64, 49],
    [37, 5],
  ])(
    'winograd_matmul_swaps of %d channels and %d groups of four Winograd tiles has the bits of winograd_matmul',
    async (c, t) => {
      const inputs = { v: tensor([36, c, t, 4], 1), u: tensor([36, Math.ceil(c / 16), c, 16], 2) };
      const [loads, swaps] = [winogradMatmul, winogradMatmulSwaps].map(
        kernel => device.run(kernel, inputs, { outChannels: c }).m,
      );
      expect(await swaps!.read()).toEqual(await loads!.read());
      for (const owned of [loads, swaps, ...Object.values(inputs)]) owned!.dispose();
    },
  );

  it('are chosen on adapters with the feature, for planes that they suit', () => {
    expect(device.adapter.features).toContain('subgroups');
    const kernelOf = (adapter: AdapterFamily, window: number, size: readonly [number, number]) => {
      const shape = { batch: 1, channels: 64, outChannels: 64, kernelSize: [window, window], size, stride: 1 } as const;
      const { bands } = planConvolution({ ...shape, padding: (window - 1) / 2 }, adapter);
      return bands[0]!.find(({ kernel }) => /1x1|matmul/.test(kernel.name))!.kernel.name;
    };
    expect(kernelOf(device.adapter, 1, [14, 14])).toBe('conv2d_1x1_swaps');
    expect(kernelOf(device.adapter, 1, [7, 7])).toBe('conv2d_1x1');
    expect(kernelOf(device.adapter, 3, [12, 12])).toBe('winograd_matmul_swaps'); // 9 Winograd tiles
    expect(kernelOf(device.adapter, 3, [8, 16])).toBe('winograd_matmul');
    const without: AdapterFamily = { ...device.adapter, features: [] };
    expect(kernelOf(without, 1, [14, 14])).toBe('conv2d_1x1_quads');
    expect(kernelOf(without, 3, [12, 12])).toBe('winograd_matmul');
  });
});
