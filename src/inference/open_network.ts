import { type ResolveOptions, resolveBackbone } from '../weights/resolve_backbone.ts';
import { type BuildOptions, buildNetwork, type Network } from './network.ts';

/** Finds the weights, in the zoo or in a file, and builds the network. Node only. @throws WeightsError | DeviceError | UsageError */
export async function openNetwork(options: ResolveOptions & BuildOptions = {}): Promise<Network> {
  return buildNetwork(await resolveBackbone(options), options);
}
