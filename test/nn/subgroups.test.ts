import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdapterFamily, chooseConv2d, chooseWinogradMatmul } from '../../src/kernels/choose_conv2d.ts';
import { conv2d1x1Quads, conv2d1x1Swaps } from '../../src/kernels/conv2d_1x1.ts';
import { winogradMatmul, winogradMatmulSwaps } from '../../src/kernels/winograd_matmul.ts';
import { makeInput } from '../../src/oracle/check.ts';
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
  ])('conv2d_1x1_swaps of %d > %d channels at %d gives the bits of conv2d_1x1_quads', async (channels, out, side) => {
    const inputs = {
      x: tensor([2, channels, side, side], 1),
      weight: tensor([Math.ceil(out / 8), channels, 8], 2),
      scale: tensor([out], 3),
      shift: tensor([out], 4),
      residual: tensor([2, out, side, side], 5),
    };
    const options = { outChannels: out, kernel: [1, 1], stride: 1, padding: 0, relu: true } as const;
    const [quads, swaps] = [conv2d1x1Quads, conv2d1x1Swaps].map(kernel => device.run(kernel, inputs, options).y);
    expect(await swaps!.read()).toEqual(await quads!.read());
    for (const owned of [quads, swaps, ...Object.values(inputs)]) owned!.dispose();
  });

  it.each([
    [64, 49],
    [37, 5],
  ])('winograd_matmul_swaps of %d channels and %d fours of tiles gives the bits of winograd_matmul', async (c, t) => {
    const inputs = { v: tensor([36, c, t, 4], 1), u: tensor([36, Math.ceil(c / 16), c, 16], 2) };
    const [loads, swaps] = [winogradMatmul, winogradMatmulSwaps].map(
      kernel => device.run(kernel, inputs, { outChannels: c }).m,
    );
    expect(await swaps!.read()).toEqual(await loads!.read());
    for (const owned of [loads, swaps, ...Object.values(inputs)]) owned!.dispose();
  });

  it('are what the adapter is given', () => {
    expect(device.adapter.features).toContain('subgroups');
    const pointwise = { outChannels: 8, kernel: [1, 1], stride: 1, padding: 0 } as const;
    expect(chooseConv2d(pointwise, device.adapter, 196).name).toBe('conv2d_1x1_swaps');
    expect(chooseConv2d(pointwise, device.adapter, 49).name).toBe('conv2d_1x1');
    expect(chooseWinogradMatmul(device.adapter, 3).name).toBe('winograd_matmul_swaps');
    expect(chooseWinogradMatmul(device.adapter, 2).name).toBe('winograd_matmul');
    const without: AdapterFamily = { ...device.adapter, features: [] };
    expect(chooseConv2d(pointwise, without, 196).name).toBe('conv2d_1x1_quads');
    expect(chooseWinogradMatmul(without, 3).name).toBe('winograd_matmul');
  });
});
