/** Raycam for Node: everything in `index.ts`, and the functions that need a file system. */
import { type BuildOptions, buildNetwork, type Network } from './inference/network.ts';
import { type ResolveOptions, resolveBackbone } from './weights/resolve_backbone.ts';

export { FeatureStore } from './data/feature_store.ts';
export { openDataset, openImageFolder } from './data/image_folder.ts';
export { ImageLoader } from './data/loader.ts';
export * from './index.ts';
export { computeFeatures, type FeatureOptions, type Features } from './inference/features.ts';
export { openHead } from './nn/head_file.ts';
export { convertWeights, describeWeights, listZoo } from './weights/manage.ts';
export { type PrunedFile, pruneCache } from './weights/prune.ts';
export { pullWeights } from './weights/pull.ts';
export { resolveBackbone };

/**
 * Opens weights from the zoo or from a file, and builds a network from them.
 *
 * @throws WeightsError | DeviceError | UsageError
 */
export async function openNetwork(options: ResolveOptions & BuildOptions = {}): Promise<Network> {
  return buildNetwork(await resolveBackbone(options), options);
}
