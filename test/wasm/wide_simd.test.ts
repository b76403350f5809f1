import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enableWideSimd } from '#platform';
import { packConv2dWeight } from '../../src/kernels/conv2d.ts';
import { conv2d1x1X8, conv2d1x1X16 } from '../../src/kernels/conv2d_1x1.ts';
import { winogradMatmulSimd } from '../../src/kernels/winograd_matmul.ts';
import { ResNet } from '../../src/nn/resnet.ts';
import { makeInput } from '../../src/oracle/check.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { syntheticBackbone, syntheticImage } from '../../src/weights/synthetic_network.ts';
import { raycam } from '../cli/run.ts';

const SHAPE = [2, 3, 96, 96] as const;
const [major] = process.versions.node.split('.').map(Number);
/** Whether this engine can fuse pairs of 128-bit SIMD operations. */
const isWideEngine = process.arch === 'x64' && [24, 25, 26].includes(major!);

it('can be enabled in Node 24 to 26 on x86-64', () => expect(enableWideSimd()).toBe(isWideEngine));

describe.each([true, false])('with the option wideSimd: %s', wideSimd => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter: 'wasm', threads: 2, wideSimd });
  });
  afterAll(() => device.dispose());

  it('is what the adapter reports', () => {
    const isWide = wideSimd && isWideEngine;
    expect(device.adapter.architecture).toBe(isWide ? 'wasm-wide-simd' : 'wasm-relaxed-simd');
    expect(device.adapter.description).toBe(`WebAssembly, 2 threads, ${isWide ? '256-bit SIMD' : 'relaxed SIMD'}`);
  });

  it('a 1x1 convolution with wide tiles returns the bits of narrow tiles', async () => {
    const [batch, channels, outChannels, height, width] = [2, 37, 22, 9, 11];
    const tensors = {
      x: input(device, [batch, channels, height, width], 1),
      scale: input(device, [outChannels], 3),
      shift: input(device, [outChannels], 4),
      residual: input(device, [batch, outChannels, height, width], 5),
    };
    const unpacked = input(device, [outChannels, channels, 1, 1], 2);
    const weight = device.run(packConv2dWeight, { weight: unpacked }, { channelBlock: 6 }).y;
    const options = { outChannels, kernelSize: [1, 1], stride: 1, padding: 0, relu: true } as const;
    const [narrow, wide] = [conv2d1x1X8, conv2d1x1X16].map(
      kernel => device.run(kernel, { ...tensors, weight }, options).y,
    );
    expect(await bitsOf(wide!)).toEqual(await bitsOf(narrow!));
  });

  it('Winograd’s products with wide tiles return the bits of narrow tiles', async () => {
    const [channels, outChannels] = [37, 22];
    const v = input(device, [36, channels, 7, 4], 1);
    const u = input(device, [36, Math.ceil(outChannels / 6), channels, 6], 2);
    const [narrow, wide] = ([8, 16] as const).map(
      winogradTiles => device.run(winogradMatmulSimd, { v, u }, { outChannels, winogradTiles }).m,
    );
    expect(await bitsOf(wide!)).toEqual(await bitsOf(narrow!));
  });
});

/** Where the engine cannot fuse pairs, both networks would run the same code. */
const itOnWideEngines = isWideEngine ? it : () => {};

itOnWideEngines('a network returns the same bits with it and without it', async () => {
  const logits = [];
  for (const wideSimd of [true, false]) {
    const device = await Device.open({ adapter: 'wasm', threads: 2, wideSimd });
    const model = await ResNet.load(device, syntheticBackbone('resnet50'));
    const x = device.tensor(syntheticImage(SHAPE), SHAPE, 'x');
    // Engines compile in tiers, and run the optimised code after some forwards.
    for (let run = 0; run < 5; run++) await bitsOf(model.forward(x).logits!);
    logits.push(await bitsOf(model.forward(x).logits!));
    device.dispose();
  }
  expect(logits[0]).toEqual(logits[1]);
  expect(new Set(logits[0]).size).toBeGreaterThan(1000);
});

it('is the default of the command line, unless --no-wide-simd is given', async () => {
  const architectureBy = async (...more: string[]) => {
    const { stdout } = await raycam(['doctor', '--adapter', 'wasm', '--threads', '1', '--json', '--quiet', ...more]);
    return JSON.parse(stdout).adapters[0].architecture;
  };
  expect(await architectureBy()).toBe(isWideEngine ? 'wasm-wide-simd' : 'wasm-relaxed-simd');
  expect(await architectureBy('--no-wide-simd')).toBe('wasm-relaxed-simd');
});

function input(device: Device, shape: readonly number[], seed: number): Tensor {
  return device.tensor(Float32Array.from(makeInput(shape, seed).data), shape, `input ${seed}`);
}

async function bitsOf(tensor: Tensor): Promise<Uint32Array> {
  const values = (await tensor.read()) as Float32Array;
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
