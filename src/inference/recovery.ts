import { isLost, type Network } from './network.ts';

/**
 * Runs `work` on a network. If the device is lost meanwhile, the network is rebuilt from its weights on a new device
 * and `work` runs again from its start, because nothing on a lost device can be trusted. A device that the program
 * destroyed itself is not replaced.
 *
 * `work` must read `network.device` and `network.model` when it runs, not earlier.
 *
 * @throws DeviceError  the device was lost again (see `BuildOptions.rebuildsAfterMs`), or the program destroyed it
 */
export async function recovering<Result>(network: Network, work: () => Promise<Result>): Promise<Result> {
  const { device } = network;
  try {
    return await work();
  } catch (error) {
    // `lost` may settle only after the calls that fail because of the loss.
    await new Promise(resolve => setTimeout(resolve));
    if (!isLost(device)) throw error;
    // If the network already has another device, a concurrent call has rebuilt it.
    if (network.device === device) {
      if (!network.rebuild) throw error;
      await network.rebuild(error);
    }
    return work();
  }
}
