import type { Device } from '../runtime/device.ts';
import type { Dispatched, Observer } from './observer.ts';

/**
 * Returns the dispatches that the runtime encodes for the work that `record` records. No later tensor shares memory
 * with the tensors of these dispatches.
 */
export async function observeDispatches(
  device: Device,
  observer: Observer,
  record: () => void,
): Promise<readonly Dispatched[]> {
  const dispatched = await observer.observe(async () => {
    record();
    await device.submit();
  });
  // Freed buffers leave the pool, so that only the captured dispatches use these buffers.
  await device.trim();
  return dispatched;
}
