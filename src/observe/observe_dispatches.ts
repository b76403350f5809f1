import type { Device } from '../runtime/device.ts';
import type { Dispatched, Observer } from './observer.ts';

/** Captures the dispatches that the engine encodes for recorded work. No later tensor shares memory with them. */
export async function observeDispatches(
  device: Device,
  observer: Observer,
  record: () => void,
): Promise<readonly Dispatched[]> {
  const dispatched = await observer.observe(async () => {
    record();
    await device.submit();
  });
  await device.trim(); // freed buffers leave the pool, so that only the captured dispatches use them
  return dispatched;
}
