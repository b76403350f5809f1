import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directVariants } from '../../src/bench/convolution_subject.ts';
import { kernelNames, kernelSubjects } from '../../src/bench/kernel_rows.ts';
import type { KernelSubject } from '../../src/bench/kernel_subject.ts';
import { subjectName } from '../../src/bench/subject.ts';
import * as kernels from '../../src/kernels/index.ts';
import { Device } from '../../src/runtime/device.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'wasm', threads: 2 });
});
afterAll(() => device.dispose());

it('can time every operation there is', () => {
  const all = Object.values(kernels).flatMap(kernel => (typeof kernel === 'object' ? [kernel.name] : []));
  const timed = [...kernelNames(), ...directVariants().map(({ name }) => name)];
  expect(timed.sort()).toEqual(all.sort());
});

describe('a row of each kernel is right, and is what the kernel takes', () => {
  for (const name of kernelNames()) {
    const [subject] = kernelSubjects(name) as [KernelSubject];
    it(subjectName(subject), async () => {
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
