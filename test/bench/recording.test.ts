import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BenchSession, openBenchSession } from '../../src/bench/bench_session.ts';
import { record, replay } from '../../src/bench/recording.ts';
import { maxPool2d } from '../../src/kernels/max_pool2d.ts';
import { observeDispatches } from '../../src/observe/observe_dispatches.ts';

let session: BenchSession;
beforeAll(async () => {
  session = await openBenchSession({ adapter: 'wasm', threads: 1 });
});
afterAll(() => session.device.dispose());

const options = { kernelSize: 3, stride: 2, padding: 1 };

it('runs again from JSON on the same memory, and computes the same result', async () => {
  const { device, observer, timer } = session;
  const x = device.tensor(
    Float32Array.from({ length: 64 }, (_, i) => (i * 37) % 64),
    [1, 1, 8, 8],
  );
  const { y } = device.run(maxPool2d, { x }, options);
  const expected = await y.read();
  const dispatched = await observeDispatches(device, observer, () =>
    device.run(maxPool2d, { x }, options, { outputs: { y } }),
  );
  const recording = JSON.parse(JSON.stringify(await record(observer, dispatched)));
  expect(recording.dispatches).toMatchObject([
    { kernel: 'max_pool2d', bindings: [{ type: 'read-only-storage' }, { type: 'storage' }, { type: 'uniform' }] },
  ]);

  const zeros = device.tensor(new Float32Array(y.size), y.shape);
  const buffers = observer.buffersOf(dispatched);
  expect(buffers.length).toBe(2);
  observer.gpu.queue.writeBuffer(y.buffer, 0, new Float32Array(y.size));
  const again = await replay(observer.gpu, recording, buffers);
  await timer.sample(again.dispatched, 1);
  expect(await y.read()).toEqual(expected);
  again.dispose();
  for (const tensor of [x, y, zeros]) tensor.dispose();
  observer.release(dispatched);
});

it('keeps the buffers of observed dispatches until they are released', async () => {
  const { device, observer } = session;
  const x = device.tensor(new Float32Array(64), [1, 1, 8, 8]);
  const before = observer.deviceBytes.liveBytes;
  const dispatched = await observeDispatches(device, observer, () => device.run(maxPool2d, { x }, options).y.dispose());
  await session.timer.sample(dispatched, 3); // the engine destroyed the buffer of the parameters after the submit
  observer.release(dispatched);
  await device.trim();
  expect(observer.deviceBytes.liveBytes).toBeLessThanOrEqual(before);
  x.dispose();
});

it('throws instead of timing commands that the adapter rejects', async () => {
  const { device, observer, timer } = session;
  const x = device.tensor(new Float32Array(64), [1, 1, 8, 8]);
  const dispatched = await observeDispatches(device, observer, () => device.run(maxPool2d, { x }, options).y.dispose());
  observer.release(dispatched);
  await expect(timer.sample(dispatched, 3)).rejects.toThrow(/^bench: max_pool2d was not run: .*destroyed/);
  x.dispose();
});

it('never shares memory between observed dispatches and later tensors', async () => {
  const { device, observer } = session;
  const x = device.tensor(new Float32Array(64), [1, 1, 8, 8]);
  const dispatched = await observeDispatches(device, observer, () => device.run(maxPool2d, { x }, options).y.dispose());
  const used = new Set(observer.buffersOf(dispatched));
  const later = Array.from({ length: 4 }, () => device.empty([1, 1, 4, 4]));
  expect(later.filter(({ buffer }) => used.has(buffer))).toEqual([]);
  observer.release(dispatched);
  for (const tensor of [x, ...later]) tensor.dispose();
});
