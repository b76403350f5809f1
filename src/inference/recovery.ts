import type { Device } from '../runtime/device.ts';
import type { Network } from './network.ts';

/**
 * Runs `work` on a network. Where its device is lost meanwhile, for a reason that nobody here chose, the network is built anew from its
 * weights and the work runs once more: from its start, since nothing of a lost device is trusted. A network does this once in its life.
 *
 * `work` takes device and model from the network when it runs, and not before.
 *
 * @throws DeviceError  the device was lost again, or was ended on purpose
 */
export async function recovering<Result>(network: Network, work: () => Promise<Result>): Promise<Result> {
  const { device } = network;
  try {
    return await work();
  } catch (error) {
    if (!isLost(device)) throw error;
    // Another call may have built it anew already.
    if (network.device === device) {
      if (!network.rebuild) throw error;
      await network.rebuild(error);
    }
    return work();
  }
}

/** Whether the device went for a reason that nobody here chose. */
export function isLost({ lossReason }: Device): boolean {
  return lossReason !== undefined && lossReason !== 'destroyed';
}
