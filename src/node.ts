/** Raycam for Node: everything in `index.ts`, plus what needs a file system. */

export { FeatureStore } from './data/feature_store.ts';
export { openDataset, openImageFolder } from './data/image_folder.ts';
export { ImageLoader } from './data/loader.ts';
export * from './index.ts';
export { computeFeatures, type FeatureOptions, type Features } from './inference/features.ts';
export { openHead } from './inference/open_head.ts';
export { openNetwork } from './inference/open_network.ts';
export { convertWeights, describeWeights, listZoo } from './weights/manage.ts';
export { type PrunedFile, pruneCache } from './weights/prune.ts';
export { pullWeights } from './weights/pull.ts';
export { resolveBackbone } from './weights/resolve_backbone.ts';
