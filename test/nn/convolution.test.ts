import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Convolution } from '../../src/nn/convolution.ts';
import { algorithmNamed } from '../../src/nn/convolution_algorithm.ts';
import { Array64 } from '../../src/oracle/array64.ts';
import { makeInput } from '../../src/oracle/check.ts';
import { conv2d, packConv2dWeight } from '../../src/oracle/reference/conv2d.ts';
import { toHalfPrecision } from '../../src/oracle/reference/half.ts';
import { winogradConvolutions } from '../../src/oracle/resnet152_convolutions.ts';
import { Device } from '../../src/runtime/device.ts';

/** Normalised mean square error. Measured: 7e-13 for 64 channels to 3.8e-12 for 512, 3 to 4 times the error of direct sums. */
const BOUND = 1e-11;

interface Sizes {
  readonly x: readonly [number, number, number, number];
  readonly outChannels: number;
  readonly epilogue?: readonly ('scale' | 'shift' | 'residual' | 'relu')[];
}

const rows: [string, Sizes][] = [
  ...winogradConvolutions.map(({ module, channels, size }): [string, Sizes] => [
    `resnet152 ${module}`,
    { x: [1, channels, size, size], outChannels: channels, epilogue: ['scale', 'shift', 'relu'] },
  ]),
  ['one pixel', { x: [1, 64, 1, 1], outChannels: 64 }],
  ['smaller and larger than a Winograd tile', { x: [1, 64, 5, 7], outChannels: 64, epilogue: ['shift'] }],
  [
    'a batch of two, channels that do not fill their blocks',
    { x: [2, 67, 6, 9], outChannels: 75, epilogue: ['scale', 'residual'] },
  ],
  ['every epilogue', { x: [2, 64, 8, 4], outChannels: 68, epilogue: ['scale', 'shift', 'residual', 'relu'] }],
];

describe.each(['wasm', 'swiftshader'] as const)('Convolution with Winograd on %s', adapter => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter });
  });
  afterAll(() => device.dispose());

  it.each(rows)('%s', async (_, { x: shape, outChannels, epilogue = [] }) => {
    const before = device.memoryUse.liveBytes;
    const [batch, channels, height, width] = shape;
    const made = {
      x: makeInput(shape, 1),
      ...(epilogue.includes('scale') && { scale: makeInput([outChannels], 3) }),
      ...(epilogue.includes('shift') && { shift: makeInput([outChannels], 4) }),
      ...(epilogue.includes('residual') && { residual: makeInput([batch, outChannels, height, width], 5) }),
    };
    const weight = makeInput([outChannels, channels, 3, 3], 2);
    const options = {
      outChannels,
      kernelSize: [3, 3] as const,
      stride: 1,
      padding: 1,
      relu: epilogue.includes('relu'),
    };
    const f64 = ({ shape: sizes, data }: typeof weight) => new Array64(sizes, Float64Array.from(data));
    const references = Object.fromEntries(Object.entries(made).map(([name, input]) => [name, f64(input)]));
    const packed = packConv2dWeight({ weight: f64(weight) }).y;
    const expected = conv2d({ ...references, weight: packed } as Parameters<typeof conv2d>[0], options).y.data;

    const tensors = Object.fromEntries(
      Object.entries(made).map(([name, input]) => [name, device.tensor(input.data, input.shape, name)]),
    ) as { x: ReturnType<Device['tensor']> };
    const values = weight.data as Float32Array;
    const convolution = Convolution.load(
      device,
      { values, shape: weight.shape },
      { stride: 1, padding: 1, label: 'conv' },
    );
    const y = convolution.forward(tensors, { relu: options.relu });
    expect(y.shape).toEqual([batch, outChannels, height, width]);
    expect(normalisedError(await y.read(), expected)).toBeLessThan(BOUND);
    for (const owned of [y, convolution, ...Object.values(tensors)]) owned.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
  });
});

describe.each(['wasm', 'swiftshader'] as const)('Convolution with an explicit algorithm on %s', adapter => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ adapter });
  });
  afterAll(() => device.dispose());

  // WebAssembly packs weights in other channel blocks.
  const gpuNames = ['gemm 64x32', 'gemm 32x32 in 4', 'winograd 64x64', 'winograd 2x2 64x32'];
  const halfNames = ['half gemm 64x32', 'half gemm 32x32 in 4'];
  it.each(['direct', 'winograd', ...halfNames, ...(adapter === 'swiftshader' ? gpuNames : [])])(
    '%s, with every epilogue',
    async name => {
      const shape: [number, number, number, number] = [2, 68, 7, 9];
      const made = {
        x: makeInput(shape, 1),
        scale: makeInput([70], 3),
        shift: makeInput([70], 4),
        residual: makeInput([2, 70, 7, 9], 5),
      };
      const weight = makeInput([70, 68, 3, 3], 2);
      const f64 = ({ shape: sizes, data }: typeof weight) => new Array64(sizes, Float64Array.from(data));
      const options = { outChannels: 70, kernelSize: [3, 3] as const, stride: 1, padding: 1, relu: true };
      const exact = f64(weight);
      const rounded = halfNames.includes(name) ? new Array64(exact.shape, exact.data.map(toHalfPrecision)) : exact;
      const packed = packConv2dWeight({ weight: rounded }).y;
      const { x, scale, shift, residual } = made;
      const inputs = { x: f64(x), scale: f64(scale), shift: f64(shift), residual: f64(residual), weight: packed };
      const expected = conv2d(inputs, options).y.data;
      const tensor = ({ data, shape: sizes }: typeof weight) => device.tensor(data, sizes);
      const convolution = Convolution.load(
        device,
        { values: weight.data as Float32Array, shape: weight.shape },
        { stride: 1, padding: 1, label: 'conv', algorithm: algorithmNamed(name) },
      );
      const { descale } = convolution;
      const scaled = { ...scale, data: (scale.data as Float32Array).map((factor, o) => factor * (descale?.[o] ?? 1)) };
      const tensors = { x: tensor(x), scale: tensor(scaled), shift: tensor(shift), residual: tensor(residual) };
      const y = convolution.forward(tensors, { relu: true });
      expect(normalisedError(await y.read(), expected)).toBeLessThan(BOUND);
      for (const owned of [y, convolution, ...Object.values(tensors)]) owned.dispose();
    },
  );
});

function normalisedError(got: Float32Array, want: Float64Array): number {
  let [error, power] = [0, 0];
  want.forEach((value, i) => {
    error += (got[i]! - value) ** 2;
    power += value ** 2;
  });
  return error / power;
}
