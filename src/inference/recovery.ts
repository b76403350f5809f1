import { isLost, type Network } from './network.ts';

/**
 * Runs `work` on a network. If the device is lost meanwhile, and not because the program ended it, the network is
 * rebuilt from its weights on a new device and `work` runs again from its start: nothing on a lost device is trusted.
 *
 * `work` must read `network.device` and `network.model` when it runs, not earlier.
 *
 * @throws DeviceError  the device was lost again (see `BuildOptions.rebuildsAfterMs`), or the program ended it
 */
export async function recovering<Result>(network: Network, work: () => Promise<Result>): Promise<Result> {
  const { device } = network;
  try {
    return await work();
  } catch (error) {
    await new Promise(resolve => setTimeout(resolve)); // `lost` may settle after the calls that it makes fail
    if (!isLost(device)) throw error;
    // If the network has another device by now, another call has rebuilt it.
    if (network.device === device) {
      if (!network.rebuild) throw error;
      await network.rebuild(error);
    }
    return work();
  }
}
