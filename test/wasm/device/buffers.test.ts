import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WasmDevice } from '../../../src/wasm/device/device.ts';
import { bufferOf, contentOf, dispatch, errorOf, floatsOf, openFake, pipelineOf, STORAGE, USAGE } from './harness.ts';

let device: WasmDevice;
beforeAll(async () => {
  device = await openFake();
});
afterAll(() => device.destroy());

const READ = 1;
const WRITE = 2;
const readable = (size = 16) => device.createBuffer({ label: 'r', size, usage: USAGE.MAP_READ | USAGE.COPY_DST });
const writable = (size = 16) => device.createBuffer({ label: 'w', size, usage: USAGE.MAP_WRITE | USAGE.COPY_SRC });
const filled = (values: readonly number[]) => {
  const buffer = readable(values.length * 4);
  device.queue.writeBuffer(buffer, 0, Float32Array.from(values));
  return buffer;
};

describe('mapping a buffer', () => {
  it('shows what the queue wrote earlier, until unmap()', async () => {
    const buffer = filled([1, 2, 3, 4]);
    const mapped = buffer.mapAsync(READ);
    expect(buffer.mapState).toBe('pending');
    await mapped;
    expect(buffer.mapState).toBe('mapped');
    const range = buffer.getMappedRange();
    expect([...new Float32Array(range)]).toEqual([1, 2, 3, 4]);
    buffer.unmap();
    expect([buffer.mapState, range.byteLength]).toEqual(['unmapped', 0]);
  });

  it('writes back several ranges', async () => {
    const buffer = writable(32);
    await buffer.mapAsync(WRITE);
    new Float32Array(buffer.getMappedRange(0, 8)).set([1, 2]);
    new Float32Array(buffer.getMappedRange(16, 4)).set([5]);
    buffer.unmap();
    expect([...new Float32Array(await contentOf(device, buffer))]).toEqual([1, 2, 0, 0, 5, 0, 0, 0]);
  });

  it('for reading discards writes', async () => {
    const buffer = filled([1, 2]);
    await buffer.mapAsync(READ);
    new Float32Array(buffer.getMappedRange()).fill(9);
    buffer.unmap();
    await buffer.mapAsync(READ);
    expect([...new Float32Array(buffer.getMappedRange())]).toEqual([1, 2]);
  });

  it('at creation shows zeros and needs no MAP usage', async () => {
    const buffer = device.createBuffer({ size: 16, usage: STORAGE, mappedAtCreation: true });
    const values = new Float32Array(buffer.getMappedRange());
    expect([...values]).toEqual([0, 0, 0, 0]);
    values.set([1, 2, 3, 4]);
    buffer.unmap();
    expect(await floatsOf(device, buffer)).toEqual([1, 2, 3, 4]);
  });

  it('at creation throws a RangeError if the size is not a multiple of 4', () => {
    expect(() => device.createBuffer({ label: 'odd', size: 6, usage: STORAGE, mappedAtCreation: true })).toThrow(
      new RangeError('[Buffer "odd"] is mapped at creation: its size (6) must be a multiple of 4.'),
    );
  });

  it('rejects while another mapping is pending, and reports nothing to error scopes', async () => {
    const buffer = readable();
    const first = buffer.mapAsync(READ);
    expect(
      await errorOf(device, () =>
        expect(buffer.mapAsync(READ)).rejects.toThrow('[Buffer "r"] is already being mapped.'),
      ),
    ).toBeUndefined();
    await first;
  });

  it('rejects with an AbortError if unmap() or destroy() comes first', async () => {
    for (const end of ['unmap', 'destroy'] as const) {
      const buffer = readable();
      const mapped = buffer.mapAsync(READ);
      buffer[end]();
      await expect(mapped).rejects.toMatchObject({ name: 'AbortError' });
    }
  });

  it.each([
    ['an unknown mode', 'mode (3) is neither GPUMapMode.READ nor GPUMapMode.WRITE.', () => readable().mapAsync(3)],
    [
      'an offset that is not a multiple of 8',
      'offset (4) must be a multiple of 8.',
      () => readable().mapAsync(READ, 4),
    ],
    ['a size that is not a multiple of 4', 'size (6) must be a multiple of 4.', () => readable().mapAsync(READ, 0, 6)],
    [
      'a range past the end',
      'Mapping range (offset: 8, size: 12) doesn\'t fit in the size (16) of [Buffer "r"].',
      () => readable().mapAsync(READ, 8, 12),
    ],
    [
      'a mode without its usage',
      '[Buffer "r"] usage (BufferUsage::(MapRead|CopyDst)) doesn\'t include BufferUsage::MapWrite.',
      () => readable().mapAsync(WRITE),
    ],
    [
      'a destroyed buffer',
      '[Buffer "r"] is destroyed.',
      () => {
        const buffer = readable();
        buffer.destroy();
        return buffer.mapAsync(READ);
      },
    ],
  ])('refuses %s', async (_, message, map) => {
    const work = () => expect(map()).rejects.toMatchObject({ name: 'OperationError', message });
    expect(await errorOf(device, work)).toBe(`GPUValidationError: ${message}`);
  });

  it.each([
    ['unaligned', 'getMappedRange: offset (4) is not a multiple of 8.', 4, 4],
    [
      'outside the mapping',
      'getMappedRange: range (offset: 0, size: 8) is outside the mapped range (offset: 8, size: 8) of [Buffer "r"].',
      0,
      8,
    ],
    [
      'already returned',
      'getMappedRange: range (offset: 8, size: 8) overlaps a range that was already returned.',
      8,
      8,
    ],
  ])('getMappedRange refuses a range that is %s', async (_, message, offset, size) => {
    const buffer = readable();
    expect(() => buffer.getMappedRange()).toThrow('[Buffer "r"] is not mapped.');
    await buffer.mapAsync(READ, 8, 8);
    buffer.getMappedRange(8, 4);
    expect(() => buffer.getMappedRange(offset, size)).toThrow(message);
  });
});

describe('the queue', () => {
  it('executes copies, clears and writes in order', async () => {
    const [a, b] = [bufferOf(device, [1, 2, 3, 4]), bufferOf(device, [5, 6, 7, 8])];
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(a, 4, b, 8, 8);
    encoder.clearBuffer(a, 8);
    encoder.copyBufferToBuffer(b, 8, a, 12, 4);
    device.queue.submit([encoder.finish()]);
    device.queue.writeBuffer(b, 0, Float32Array.of(0, 9, 9), 1, 1);
    expect([await floatsOf(device, a), await floatsOf(device, b)]).toEqual([
      [1, 2, 0, 2],
      [9, 6, 2, 3],
    ]);
  });

  it('copies a whole buffer with copyBufferToBuffer(a, b)', async () => {
    const [a, b] = [bufferOf(device, [1, 2]), bufferOf(device, [0, 0])];
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(a, b);
    device.queue.submit([encoder.finish()]);
    expect(await floatsOf(device, b)).toEqual([1, 2]);
  });

  it('runs a write after the commands submitted before it', async () => {
    const add = pipelineOf(device, 'add');
    const x = bufferOf(device, new Float32Array(1 << 16));
    dispatch(device, add, [x], 50);
    device.queue.writeBuffer(x, 0, Float32Array.of(1000));
    dispatch(device, add, [x], 1);
    const values = await floatsOf(device, x);
    expect([values[0], values[1]]).toEqual([1001, 51]);
  });

  it('finishes work that uses a buffer destroyed after the submit', async () => {
    const copy = pipelineOf(device, 'copy');
    const to = bufferOf(device, new Float32Array(1 << 14));
    const from = bufferOf(device, new Float32Array(1 << 14).fill(7));
    dispatch(device, pipelineOf(device, 'add'), [from], 20);
    dispatch(device, copy, [from, to]);
    from.destroy();
    const other = bufferOf(device, new Float32Array(1 << 14).fill(-1));
    expect((await floatsOf(device, to)).every(value => value === 28)).toBe(true);
    other.destroy();
  });

  it('copies and clears more than one unit of work', async () => {
    const size = (1 << 20) + 12;
    const values = Float32Array.from({ length: size }, (_, i) => i % 1001);
    const [a, b] = [bufferOf(device, values), device.createBuffer({ size: size * 4, usage: STORAGE })];
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(a, 0, b, 0, size * 4);
    encoder.clearBuffer(a, 0, size * 4 - 4);
    device.queue.submit([encoder.finish()]);
    expect(new Float32Array(await contentOf(device, b))).toEqual(values);
    const cleared = new Float32Array(await contentOf(device, a));
    expect([cleared.findIndex(value => value !== 0), cleared.at(-1)]).toEqual([size - 1, values.at(-1)]);
  });
});

describe('memory', () => {
  it('of a new buffer is zero, even if it was used before', async () => {
    const first = bufferOf(device, new Float32Array(1000).fill(3));
    await device.queue.onSubmittedWorkDone();
    first.destroy();
    expect(
      (await floatsOf(device, device.createBuffer({ size: 4000, usage: STORAGE }))).every(value => value === 0),
    ).toBe(true);
  });

  it('that runs out is reported to the error scope and makes the buffer invalid', async () => {
    const small = await openFake({ capacityBytes: 4 << 20 });
    const make = (size: number) => small.createBuffer({ label: 'weights', size, usage: STORAGE });
    const kept = make(2 << 20);
    let none!: GPUBuffer;
    expect(
      await errorOf(small, () => {
        none = make(3 << 20);
      }),
    ).toMatch(/^GPUOutOfMemoryError: Failed to allocate 3145728 bytes for \[Buffer "weights"\]: \d+ bytes are in use/);
    expect(await errorOf(small, () => small.queue.writeBuffer(none, 0, new Float32Array(1)))).toBe(
      'GPUValidationError: [Invalid Buffer "weights"] is invalid.',
    );
    kept.destroy();
    expect(await errorOf(small, () => make(3 << 20))).toBeUndefined();
    small.destroy();
  });

  it('grows beyond 2 GiB and is counted', async () => {
    const large = await openFake({
      requiredLimits: { maxBufferSize: 2 ** 31 - 4, maxStorageBufferBindingSize: 2 ** 31 - 4 },
    });
    const before = large.heapUse.usedBytes;
    const buffer = large.createBuffer({ size: 2 ** 30 + 2 ** 29, usage: STORAGE });
    const beyond = large.createBuffer({ size: 2 ** 30, usage: STORAGE });
    const last = bufferOf(large, [1, 2, 3]); // beyond 2 GiB: addresses have their highest bit set
    dispatch(large, pipelineOf(large, 'add'), [last]);
    expect(await floatsOf(large, last)).toEqual([2, 3, 4]);
    expect(large.heapUse.peakBytes - before).toBeGreaterThan(2.5 * 2 ** 30);
    for (const each of [buffer, beyond, last]) each.destroy();
    expect(large.heapUse.usedBytes - before).toBeLessThan(2 ** 16);
    large.destroy();
  });

  it('is freed when buffers are dropped without destroy()', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const own = await openFake();
    const before = own.heapUse.usedBytes;
    const add = pipelineOf(own, 'add');
    for (let i = 0; i < 50; i++) dispatch(own, add, [bufferOf(own, new Float32Array(1 << 16))]);
    await own.queue.onSubmittedWorkDone();
    for (let i = 0; i < 20 && own.heapUse.usedBytes > before + 2 ** 20; i++) {
      gc();
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    expect(own.heapUse.usedBytes - before).toBeLessThan(2 ** 20);
    own.destroy();
  });
});
