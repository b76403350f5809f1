import type { Device } from '../runtime/device.ts';
import type { Dispatched, Observer } from './observer.ts';

/** What the engine encodes for some recorded work. No later tensor shares memory with it. */
export async function observeDispatches(
  device: Device,
  observer: Observer,
  record: () => void,
): Promise<readonly Dispatched[]> {
  const dispatched = await observer.observe(async () => {
    record();
    await device.submit();
  });
  await device.trim(); // freed buffers leave the pool, and stay for what was captured
  return dispatched;
}
