import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directVariants } from '../../src/bench/convolution_subject.ts';
import { kernelNames, kernelSubjects } from '../../src/bench/kernel_rows.ts';
import type { KernelSubject } from '../../src/bench/kernel_subject.ts';
import { subjectName } from '../../src/bench/subject.ts';
import * as kernels from '../../src/kernels/index.ts';
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
/** What a kernel asks of a device beyond WebGPU's core. */
const featureOf = (name: string) =>
  Object.values(kernels).find(kernel => typeof kernel === 'object' && kernel.name === name) as
    | { feature?: GPUFeatureName }
    | undefined;

it('can time every operation there is', () => {
  const all = Object.values(kernels).flatMap(kernel => (typeof kernel === 'object' ? [kernel.name] : []));
  const timed = [...kernelNames(), ...directVariants().map(({ name }) => name)];
  expect(timed.sort()).toEqual(all.sort());
});

describe('a row of each kernel is right, and is what the kernel takes', () => {
  for (const name of kernelNames()) {
    const [subject] = kernelSubjects(name) as [KernelSubject];
    it(subjectName(subject), async () => {
      const device = featureOf(name)?.feature === 'subgroups' ? withSubgroups : onWasm;
      const open = subject.open(device);
      const { failure, largestError } = await open.check();
      expect(failure).toBeUndefined();
      expect(largestError).toBeLessThan(1e-4);
      open.record();
      await device.submit();
      open.dispose();
      expect(subject.bytes).toBeGreaterThan(0);
    });
  }
});

it('a kernel that needs a feature says so where the adapter lacks it', () => {
  const [subject] = kernelSubjects('winograd_matmul_swaps') as [KernelSubject];
  const open = subject.open(onWasm);
  expect(() => open.record()).toThrow(
    /^winograd_matmul_swaps: the kernel winograd_matmul_swaps needs the feature "subgroups", which WebAssembly, .* lacks$/,
  );
  open.dispose();
});
