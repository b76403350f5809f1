import { describe, expect, it } from 'vitest';
import { enableWideSimd } from '#platform';
import type { WasmDevice } from '../../../src/wasm/device/device.ts';
import {
  bufferOf,
  contentOf,
  dispatch,
  errorOf,
  floatsOf,
  groupOf,
  openFake,
  pipelineOf,
  runPass,
  STORAGE,
  USAGE,
} from './harness.ts';

async function using(
  threads: number,
  use: (device: WasmDevice) => Promise<void>,
  descriptor: GPUDeviceDescriptor = {},
): Promise<void> {
  const device = await openFake({ threads, ...descriptor });
  let uncaptured: string | undefined;
  device.addEventListener('uncapturederror', (event: Event) => {
    event.preventDefault();
    uncaptured ??= (event as GPUUncapturedErrorEvent).error.message;
  });
  try {
    await use(device);
    expect(uncaptured).toBeUndefined();
  } finally {
    device.destroy();
  }
}

describe.each([0, 1, 2, 4])('a device with %i threads', threads => {
  it('executes every workgroup once in 1000 small dispatches', () =>
    using(threads, async device => {
      expect(device.threads).toBe(Math.max(1, threads));
      const x = bufferOf(device, new Float32Array(70).fill(0.5));
      dispatch(device, pipelineOf(device, 'add'), [x], 1000);
      expect(new Set(await floatsOf(device, x))).toEqual(new Set([1000.5]));
    }));

  it('shows every thread what the previous dispatch wrote', () =>
    using(threads, async device => {
      const [a, b] = [new Float32Array(50_000), new Float32Array(50_000)].map(values => bufferOf(device, values));
      const copy = pipelineOf(device, 'copy');
      const groups = [groupOf(device, copy, a!, b!), groupOf(device, copy, b!, a!)];
      runPass(device, pass => {
        pass.setPipeline(copy);
        for (let i = 0; i < 400; i++) {
          pass.setBindGroup(0, groups[i % 2]);
          pass.dispatchWorkgroups(i % 2 ? 782 : 31, i % 2 ? 1 : 26);
        }
      });
      expect(new Set(await floatsOf(device, a!))).toEqual(new Set([400]));
    }));

  it('gives each thread its own scratch memory', () =>
    using(threads, async device => {
      const x = bufferOf(device, new Float32Array(64 * 500));
      dispatch(device, pipelineOf(device, 'scratch'), [x], 20);
      expect(new Set(await floatsOf(device, x))).toEqual(new Set([20]));
    }));

  it('reads indirect workgroup counts from a buffer', () =>
    using(threads, async device => {
      const counts = device.createBuffer({ size: 256 * 4, usage: USAGE.INDIRECT | STORAGE });
      device.queue.writeBuffer(counts, 4, Uint32Array.of(5, 1, 1, 0, 7, 1, 70_000, 1, 1));
      const [x, add] = [bufferOf(device, new Float32Array(64 * 8)), pipelineOf(device, 'add')];
      runPass(device, pass => {
        pass.setPipeline(add);
        pass.setBindGroup(0, groupOf(device, add, x));
        for (const offset of [4, 16, 28]) pass.dispatchWorkgroupsIndirect(counts, offset);
        pass.dispatchWorkgroups(1);
      });
      expect((await floatsOf(device, x)).filter((_, i) => i % 64 === 0)).toEqual([2, 1, 1, 1, 1, 0, 0, 0]);
    }));

  it('writes increasing timestamps in nanoseconds', () =>
    using(
      threads,
      async device => {
        const querySet = device.createQuerySet({ type: 'timestamp', count: 4 });
        const resolved = device.createBuffer({ size: 512, usage: USAGE.QUERY_RESOLVE | USAGE.COPY_SRC });
        const [x, add] = [bufferOf(device, new Float32Array(1 << 16)), pipelineOf(device, 'add')];
        const group = groupOf(device, add, x);
        const started = performance.now();
        const encoder = device.createCommandEncoder();
        for (const at of [0, 2]) {
          const pass = encoder.beginComputePass({
            timestampWrites: { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 },
          });
          pass.setPipeline(add);
          pass.setBindGroup(0, group);
          for (let i = 0; i < 100; i++) pass.dispatchWorkgroups(1 << 10);
          pass.end();
        }
        encoder.resolveQuerySet(querySet, 0, 4, resolved, 256);
        device.queue.submit([encoder.finish()]);
        const times = [...new BigUint64Array(await contentOf(device, resolved, 256, 32))].map(Number);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times[1]! - times[0]!).toBeGreaterThan(1e4);
        expect(times[3]! - times[0]!).toBeLessThan((performance.now() - started) * 1e6);
      },
      { requiredFeatures: ['timestamp-query'] },
    ));

  it('uses no more memory after 200 submits than after 10', () =>
    using(threads, async device => {
      const add = pipelineOf(device, 'add');
      const x = bufferOf(device, new Float32Array(1000));
      let after10 = 0;
      for (let i = 0; i < 200; i++) {
        const own = bufferOf(device, new Float32Array(1000));
        dispatch(device, add, [own]);
        dispatch(device, add, [x], 3);
        if (i % 3 === 0) await device.queue.onSubmittedWorkDone();
        own.destroy();
        if (i === 10) after10 = device.heapUse.usedBytes;
      }
      expect((await floatsOf(device, x))[999]).toBe(600);
      // A thread that the system has suspended leaves its program when it runs again. Its memory is freed after the
      // next submit.
      for (let i = 0; i < 100 && device.heapUse.usedBytes > after10 + 50_000; i++) {
        await new Promise(resolve => setTimeout(resolve, 20));
        await floatsOf(device, x);
        dispatch(device, add, [x]);
      }
      expect(device.heapUse.usedBytes).toBeLessThanOrEqual(after10 + 50_000);
      expect(device.heapUse.peakBytes).toBeLessThanOrEqual(after10 + 300_000); // threads leave programs late; a leak would be 800 kB
    }));
});

it('a device that computes on the calling thread lets the event loop run', () =>
  using(0, async device => {
    const x = bufferOf(device, new Float32Array(1 << 20));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    dispatch(device, pipelineOf(device, 'add'), [x], 200);
    await device.queue.onSubmittedWorkDone();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  }));

describe('error scopes', () => {
  it('keep the first error of their kind; the innermost scope catches it', () =>
    using(1, async device => {
      const fail = (label: string) => device.createBuffer({ label, size: 4, usage: 0x10000 });
      device.pushErrorScope('validation');
      device.pushErrorScope('validation');
      device.pushErrorScope('out-of-memory');
      device.createBuffer({ size: 4, usage: 0 });
      fail('second');
      expect(await device.popErrorScope()).toBeNull();
      expect((await device.popErrorScope())?.message).toMatch(/^Buffer usages must not be 0\./);
      expect(await device.popErrorScope()).toBeNull();
      await expect(device.popErrorScope()).rejects.toMatchObject({ name: 'OperationError' });
    }));

  it('pass errors that they do not catch to uncapturederror', async () => {
    const device = await openFake();
    const messages: string[] = [];
    device.onuncapturederror = event => messages.push(event.error.message.split('\n')[0]!);
    device.pushErrorScope('internal');
    device.createBuffer({ size: 4, usage: 0 });
    expect([messages, await device.popErrorScope()]).toEqual([['Buffer usages must not be 0.'], null]);
    device.destroy();
  });
});

describe('the adapter', () => {
  const request = (descriptor: GPUDeviceDescriptor) => openFake(descriptor);
  it.each([
    [
      'an unknown feature',
      { requiredFeatures: ['shader-f16' as const] },
      "requestDevice: feature 'shader-f16' is not supported",
    ],
    ['an unknown limit', { requiredLimits: { maxFun: 1 } }, 'Required limit maxFun is not known.'],
    [
      'a limit above its own',
      { requiredLimits: { maxBindGroups: 5 } },
      'Required maxBindGroups limit (5) is greater than the supported 4.',
    ],
    [
      'an alignment below its own',
      { requiredLimits: { minStorageBufferOffsetAlignment: 16 } },
      'Required minStorageBufferOffsetAlignment limit (16) is less than the supported 32.',
    ],
    [
      'an alignment that is not a power of two',
      { requiredLimits: { minStorageBufferOffsetAlignment: 48 } },
      'Required minStorageBufferOffsetAlignment limit (48) is not a power of two.',
    ],
  ])('refuses %s', async (_, descriptor, message) => {
    await expect(request(descriptor as GPUDeviceDescriptor)).rejects.toThrow(message);
  });

  it('grants the requested limits and otherwise the defaults', () =>
    using(
      1,
      async device => {
        expect(device.limits).toMatchObject({
          maxComputeInvocationsPerWorkgroup: 1024,
          maxBufferSize: 268435456,
          minStorageBufferOffsetAlignment: 32,
        });
        expect(device.limits.minUniformBufferOffsetAlignment).toBe(256);
        expect(await errorOf(device, () => device.createBuffer({ size: 268435456, usage: STORAGE }))).toBeUndefined();
        expect(device.adapterInfo).toMatchObject({
          vendor: 'raycam',
          architecture: enableWideSimd() ? 'wasm-wide-simd' : expect.stringMatching(/^wasm-(relaxed-)?simd$/),
        });
        expect(device.adapterInfo.description).toMatch(
          enableWideSimd() ? /^WebAssembly, 1 thread, 256-bit SIMD$/ : /^WebAssembly, 1 thread, (relaxed )?SIMD$/,
        );
      },
      {
        requiredLimits: {
          maxComputeInvocationsPerWorkgroup: 1024,
          minStorageBufferOffsetAlignment: 32,
          maxBindGroups: 2,
        },
      },
    ));
});
