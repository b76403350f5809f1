import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceError, ShapeError } from '../../src/errors/index.ts';
import { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { addAmount, increment, needs256Bytes } from './kernels.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ adapter: 'swiftshader' });
});
afterAll(() => device.dispose());

const plus = (x: Tensor, amount: number, label?: string) => device.run(addAmount, { x }, { amount }, { label }).y;
const vector = (length: number, value: number, label = 'x') =>
  device.tensor(new Float32Array(length).fill(value), [length], label);

it('reports its adapter', () => {
  expect(device.adapter).toMatchObject({ kind: 'software', vendor: 'google', architecture: 'swiftshader' });
  expect(device.adapter.description).toMatch(/^SwiftShader/);
});

describe('a tensor', () => {
  it('reads back the bits that were uploaded', async () => {
    using x = device.tensor(Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3.4e38), [2, 3], 'x');
    expect([x.shape, x.size, x.sizeBytes]).toEqual([[2, 3], 6, 24]);
    expect(await x.read()).toEqual(Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3.4e38));
  });

  it('can be uploaded from a subarray', async () => {
    using x = device.tensor(Float32Array.of(0, 1, 2, 3, 4).subarray(1, 4), [3]);
    expect(await x.read()).toEqual(Float32Array.of(1, 2, 3));
  });

  it('may have no elements', async () => {
    using x = device.tensor(new Float32Array(0), [0, 7]);
    expect(await x.read()).toEqual(new Float32Array(0));
  });

  it('must have as many values as its shape needs', () => {
    expect(() => device.tensor(new Float32Array(5), [2, 3], 'mean')).toThrow(
      new DeviceError('mean: [2, 3] needs 6 values, got 5'),
    );
  });

  it('cannot be used after dispose()', async () => {
    const x = vector(4, 1, 'early');
    x.dispose();
    x.dispose();
    const gone = new DeviceError('early: is already disposed');
    await expect(x.read()).rejects.toThrow(gone);
    expect(() => plus(x, 1)).toThrow(gone);
  });

  it('is rejected by another device', async () => {
    using other = await Device.open({ adapter: 'swiftshader' });
    const x = other.tensor(new Float32Array(4), [4], 'foreign');
    expect(() => plus(x, 1, 'layer1.0.conv1')).toThrow(
      new DeviceError('layer1.0.conv1: tensor foreign belongs to another device'),
    );
  });

  it('is rejected if it needs more bytes than the adapter allows', () => {
    const limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
    const before = device.memoryUse;
    expect(() => device.empty([limit / 2], 'layer2.0.conv1')).toThrow(
      new DeviceError(
        `device: layer2.0.conv1 needs a ${mb(2 * limit)} buffer, but this adapter allows ${mb(limit)}. Use a smaller batch`,
      ),
    );
    expect(device.memoryUse).toEqual(before);
  });
});

describe('an operation', () => {
  it('runs in the order of the calls, in one submit', async () => {
    using x = vector(70, 1);
    using y = plus(x, 1);
    device.run(increment, { x: y }, {});
    using z = plus(y, 10);
    device.run(increment, { x: y }, {});
    const [ofY, ofZ] = await Promise.all([y.read(), z.read()]);
    expect([ofY[69], ofZ[69]]).toEqual([4, 13]);
  });

  it('reads a tensor’s values at the time of the call, before operations recorded later', async () => {
    using x = vector(4, 1);
    const first = x.read();
    device.run(increment, { x }, {});
    const second = x.read();
    device.run(increment, { x }, {});
    expect([(await first)[0], (await second)[0], (await x.read())[0]]).toEqual([1, 2, 3]);
  });

  it('writes to the given output tensor', async () => {
    using x = vector(64, 1);
    using whole = vector(192, 5);
    const y = device.run(addAmount, { x }, { amount: 1 }, { outputs: { y: whole.view([64], 64) } }).y;
    expect([...(await whole.read())].filter((_, i) => i % 64 === 0)).toEqual([5, 2, 5]);
    y.dispose();
  });
});

describe('an invalid dispatch', () => {
  const tooMany = { amount: 1, workgroups: [65536, 1, 1] as const };
  const message =
    /^layer3\.4\.conv2: Dispatch workgroup count X \(65536\) exceeds max compute workgroups per dimension \(65535\)\.$/;

  it('throws an error that names the operation, and poisons its outputs', async () => {
    using x = vector(4, 1);
    using before = plus(x, 1, 'layer3.4.conv1');
    await device.submit();
    using poisoned = device.run(addAmount, { x }, tooMany, { label: 'layer3.4.conv2' }).y;
    await expect(device.submit()).rejects.toThrow(message);
    for (const use of [() => poisoned.read(), () => poisoned.read(), async () => plus(poisoned, 1)]) {
      await expect(use()).rejects.toThrow(DeviceError);
      await expect(use()).rejects.toThrow(message);
    }
    expect(await before.read()).toEqual(new Float32Array(4).fill(2));
    using after = plus(before, 1);
    expect(await after.read()).toEqual(new Float32Array(4).fill(3));
  });

  it('leaves no stale values in a tensor that it should have overwritten', async () => {
    using x = vector(64, 1);
    using y = vector(128, 5);
    using view = y.view([64], 64);
    await y.read();
    device.run(addAmount, { x }, tooMany, { label: 'layer3.4.conv2', outputs: { y: view } });
    await expect(view.read()).rejects.toThrow(message);
    await expect(y.read()).rejects.toThrow(message);
  });

  it('poisons its whole batch, none of which was submitted', async () => {
    using x = vector(4, 1);
    using earlier = plus(x, 1);
    using poisoned = device.run(addAmount, { x }, tooMany, { label: 'layer3.4.conv2' }).y;
    using later = plus(poisoned, 1);
    await expect(later.read()).rejects.toThrow(message);
    await expect(earlier.read()).rejects.toThrow(message);
    expect(await x.read()).toEqual(new Float32Array(4).fill(1));
  });

  it('poisons what was recorded before its submit failed', async () => {
    using x = vector(4, 1);
    using poisoned = device.run(addAmount, { x }, tooMany, { label: 'layer3.4.conv2' }).y;
    const submitted = device.submit();
    using dependent = plus(poisoned, 1);
    const further = device.submit();
    using last = plus(dependent, 1);
    await expect(submitted).rejects.toThrow(message);
    await expect(further).rejects.toThrow(message);
    await expect(dependent.read()).rejects.toThrow(message);
    await expect(last.read()).rejects.toThrow(message);
  });

  it('returns its memory to the pool in a usable state', async () => {
    const before = device.memoryUse.liveBytes;
    const x = vector(4, 1);
    const poisoned = device.run(addAmount, { x }, tooMany, { label: 'layer3.4.conv2' }).y;
    await expect(device.submit()).rejects.toThrow(message);
    poisoned.dispose();
    using y = plus(x, 1);
    expect(await y.read()).toEqual(new Float32Array(4).fill(2));
    x.dispose();
    y.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
  });

  it('throws if an input is too small for its binding', async () => {
    using x = vector(63, 1);
    using y = device.run(needs256Bytes, { x }, {}, { label: 'fc' }).y;
    await expect(device.submit()).rejects.toThrow(/^fc: .*\b252\b.*\b256\b/);
    await expect(y.read()).rejects.toThrow(/^fc: /);
  });

  it('throws at the call if it would read the buffer that it writes', async () => {
    using x = vector(128, 1);
    const run = (y: Tensor) => device.run(addAmount, { x }, { amount: 1 }, { label: 'relu', outputs: { y } });
    const message = 'relu: y is written but shares memory with x (x). Copy one of them';
    expect(() => run(x)).toThrow(new DeviceError(message));
    using view = x.view([64], 64);
    expect(() => run(view)).toThrow(new DeviceError(message));
    expect((await x.read())[127]).toBe(1);
  });
});

describe('a view', () => {
  it('shares its tensor’s memory and keeps it alive', async () => {
    const before = device.memoryUse.liveBytes;
    const x = device.tensor(
      Float32Array.from({ length: 128 }, (_, i) => i),
      [2, 64],
    );
    const row = x.view([64], 64);
    const again = row.view([8, 8]);
    x.dispose();
    row.dispose();
    row.dispose();
    expect(device.memoryUse.liveBytes - before).toBe(512);
    expect((await again.read())[0]).toBe(64);
    again.dispose();
    expect(device.memoryUse.liveBytes).toBe(before);
  });

  it('must fit in its tensor, at an offset that the adapter allows', () => {
    using x = vector(128, 0, 'batch');
    const alignment = device.limits.minStorageBufferOffsetAlignment / 4;
    expect(() => x.view([8, 17])).toThrow(new ShapeError('view: [8, 17] at element 0 does not fit in batch [128]'));
    expect(() => x.view([65], 64)).toThrow(new ShapeError('view: [65] at element 64 does not fit in batch [128]'));
    expect(() => x.view([1], 3)).toThrow(
      new ShapeError(`view: the offset in batch must be a multiple of ${alignment} elements, got 3`),
    );
    x.view([64], 64).dispose();
  });

  it('cannot start before its tensor', () => {
    using x = vector(192, 0, 'batch');
    using part = x.view([64], 64);
    expect(() => part.view([64], -64)).toThrow(new ShapeError('view: [64] at element -64 does not fit in batch [64]'));
  });
});

describe('a scope', () => {
  const live = () => device.memoryUse.liveBytes;

  it('frees what was made inside, except what it returns', async () => {
    using x = vector(4, 1);
    const before = live();
    const kept = device.scope(() => {
      const [a, b, c, d] = [plus(x, 1), plus(x, 2), plus(x, 3), plus(x, 4)];
      plus(x, 5);
      return { a, list: [b], map: new Map([['c', c]]), deep: { d: { d } }, n: 1 };
    });
    expect(live() - before).toBe(4 * 256);
    const tensors = [kept.a, kept.list[0]!, kept.map.get('c')!, kept.deep.d.d];
    const values = await Promise.all(tensors.map(tensor => tensor.read()));
    expect(values.map(([value]) => value)).toEqual([2, 3, 4, 5]);
    for (const tensor of tensors) tensor.dispose();
    expect(live()).toBe(before);
  });

  it('frees everything if the function throws, and the enclosing scope continues', async () => {
    const before = live();
    const y = device.scope(() => {
      const x = vector(4, 1);
      const inner = () =>
        device.scope(() => {
          plus(x, 1);
          throw new Error('inside');
        });
      expect(inner).toThrow('inside');
      expect(live() - before).toBe(256);
      return plus(x, 2);
    });
    expect(live() - before).toBe(256);
    expect((await y.read())[0]).toBe(3);
    y.dispose();
    expect(live()).toBe(before);
  });

  it('hands what it returns to the enclosing scope', () => {
    const before = live();
    device.scope(() => {
      const x = device.scope(() => vector(4, 1));
      expect(live() - before).toBe(256);
      expect(x.shape).toEqual([4]);
    });
    expect(live()).toBe(before);
  });

  it('does not free detached tensors, or those made earlier', async () => {
    using x = vector(4, 1);
    const y = device.scope(() => {
      const made = device.scope(() => device.detach(plus(x, 1)));
      return { hidden: () => made };
    });
    const tensor = y.hidden();
    expect((await tensor.read())[0]).toBe(2);
    expect((await x.read())[0]).toBe(1);
    tensor.dispose();
  });

  it('keeps a view that it returns, and frees the tensor that it was made from', async () => {
    const before = live();
    const view = device.scope(() => vector(128, 3).view([64], 64));
    expect(live() - before).toBe(512);
    expect((await view.read())[0]).toBe(3);
    view.dispose();
    expect(live()).toBe(before);
  });
});

describe('memory', () => {
  it('reuses a freed buffer while commands that read it are waiting', async () => {
    await device.trim();
    using x = vector(64, 1);
    const a = plus(x, 1);
    using b = plus(a, 1);
    a.dispose();
    const { liveBytes, pooledBytes } = device.memoryUse;
    expect(pooledBytes).toBe(256);
    using c = plus(x, 10);
    expect(device.memoryUse).toMatchObject({ liveBytes: liveBytes + 256, pooledBytes: 0 });
    expect([(await b.read())[0], (await c.read())[0]]).toEqual([3, 11]);
  });

  it('does not upload to a buffer that waiting commands use', async () => {
    await device.trim();
    const a = vector(64, 1);
    using b = plus(a, 1);
    a.dispose();
    using fresh = vector(64, 50);
    expect([(await b.read())[0], (await fresh.read())[0]]).toEqual([2, 50]);
  });

  it('reuses freed buffers for uploads once the commands are submitted', async () => {
    await device.trim();
    const before = device.memoryUse;
    for (let i = 0; i < 10; i++) {
      using x = vector(1024, i);
      using y = plus(x, 1);
      expect((await y.read())[1023]).toBe(i + 1);
    }
    expect(device.memoryUse.liveBytes).toBe(before.liveBytes);
    expect(device.memoryUse.pooledBytes).toBeLessThanOrEqual(3 * 4096);
  });

  it('is returned to the adapter by trim, except buffers that waiting commands use', async () => {
    const x = vector(64, 1);
    const y = plus(x, 1);
    x.dispose();
    expect(device.memoryUse.pooledBytes).toBeGreaterThan(0);
    await device.trim();
    expect(device.memoryUse.pooledBytes).toBe(0);
    const trimmed = device.trim();
    const z = plus(y, 1);
    y.dispose();
    using w = plus(z, 1);
    await trimmed;
    expect((await w.read())[0]).toBe(4);
    z.dispose();
  });

  it('reports the peak of live bytes', () => {
    const { liveBytes, peakBytes } = device.memoryUse;
    const size = Math.ceil((peakBytes - liveBytes) / 4) + 1000;
    device.empty([size]).dispose();
    expect(device.memoryUse.liveBytes).toBe(liveBytes);
    expect(device.memoryUse.peakBytes).toBe(liveBytes + Math.ceil((size * 4) / 256) * 256);
  });
});
