import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelSubjects } from '../../src/bench/kernel_subject.ts';
import { subjectName } from '../../src/bench/subject.ts';
import { registeredKernels } from '../../src/oracle/case_tables.ts';
import { Device } from '../../src/runtime/device.ts';

let onWasm: Device;
let withSubgroups: Device;
beforeAll(async () => {
  onWasm = await Device.open({ adapter: 'wasm', threads: 2 });
  withSubgroups = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => {
  onWasm.dispose();
  withSubgroups.dispose();
});

describe('the first perf row of each kernel is right', async () => {
  for (const { name, feature } of registeredKernels) {
    const [subject] = await kernelSubjects(name);
    if (!subject) continue; // a variant of conv2d
    it(subjectName(subject), async () => {
      const device = feature === 'subgroups' ? withSubgroups : onWasm;
      const open = subject.open(device);
      const { failure, largestError } = await open.check();
      expect(failure).toBeUndefined();
      expect(largestError).toBeLessThan(1e-4);
      open.record();
      await device.submit();
      open.dispose();
    });
  }
});

/** Recorded results are matched by these names: a row that is renamed has no baseline. */
describe('rows keep the names that results were recorded under', () => {
  it.each([
    ['max_pool2d', ['1x64x112x112']],
    ['global_avg_pool2d', ['1x2048x7x7']],
    ['linear', ['1x2048, to 1000 classes', '256x2048, to 2 classes']],
    ['unfold', ['1x3x224x224, 7x7 stride 2', '1x128x56x56, 3x3 stride 2']],
    ['resize', ['3x1127x1488, along x to 224', '3x1127x224, along y to 224']],
    ['winograd_matmul', ['36x64x49x4', '36x128x13x4', '36x256x4x4', '36x512x1x4']],
    [
      'winograd_matmul_simd',
      ['', ', 16 tiles at a time'].flatMap(why =>
        ['36x64x49x4', '36x128x13x4', '36x256x4x4', '36x512x1x4'].map(shape => shape + why),
      ),
    ],
    ['conv2d_reduce', ['4x1x256x14x14']],
    ['adam', ['2x2048']],
  ])('%s', async (kernel, shapes) => {
    expect((await kernelSubjects(kernel)).map(({ shape }) => shape)).toEqual(shapes);
  });
});

it('counts the bytes of every input once, of every output once, and of an inout twice', async () => {
  const [linear] = await kernelSubjects('linear');
  expect(linear!.bytes).toBe(4 * (2048 + 1000 * 2048 + 1000 + 1000));
  const [adam] = await kernelSubjects('adam');
  expect(adam!.bytes).toBe(4 * 7 * 2 * 2048);
});

it('rejects a kernel whose feature the adapter lacks', async () => {
  const [subject] = await kernelSubjects('winograd_matmul_swaps');
  const open = subject!.open(onWasm);
  expect(() => open.record()).toThrow(
    /^winograd_matmul_swaps: the kernel winograd_matmul_swaps needs the feature "subgroups", which WebAssembly, .* lacks$/,
  );
  open.dispose();
});
