import { joinPath } from '#platform';
import { extractFeatures, type FeatureRequest } from '../data/extract_features.ts';
import { FeatureStore, type Reuse } from '../data/feature_store.ts';
import type { SkippedImage } from '../data/loader.ts';
import { Random } from '../data/random.ts';
import { type AugmentationParameters, randomAugmentation, squashTransform } from '../data/transforms.ts';
import { InputError } from '../errors/index.ts';
import type { Device } from '../runtime/device.ts';
import { RESNET_LAYOUTS } from '../weights/resnet_shapes.ts';
import { featureOrigin } from './feature_origin.ts';
import { finite, notAllZero } from './finite.ts';
import { preprocessBatch } from './inputs.ts';
import type { Network } from './network.ts';
import { recovering } from './recovery.ts';

export interface FeatureOptions {
  readonly paths: readonly string[];
  /** Images in one forward pass; 1 on a software adapter, 32 on a GPU, unless said. */
  readonly batchSize?: number;
  /** Augmented copies of each image besides the image itself. */
  readonly augment?: number;
  readonly seed?: number;
  /** Holds the store; the platform's cache unless said. */
  readonly cacheDir?: string;
  /** Kept rows that another adapter or version computed: computed again unless `any`. */
  readonly reuse?: Reuse;
  /** A store that is open, made by `featureStore`; else that of `cacheDir`. */
  readonly store?: FeatureStore;
  /** Where an image's bytes come from; the file system unless said. */
  readonly read?: (path: string) => Promise<Uint8Array>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  readonly note?: (text: string) => void;
}

export interface Features {
  /** [M, F], the rows of an image together: itself, then its augmented copies. */
  readonly rows: Float32Array;
  /** For each row, its image's place in `paths`. */
  readonly images: readonly number[];
  readonly skipped: readonly SkippedImage[];
  /** How many rows were computed now, and not found in the store. */
  readonly computed: number;
}

/**
 * The pooled features of X-rays, squashed to 224 x 224. They are kept in the store: a second run opens no image.
 *
 * @throws InputError  no image could be read
 * @throws the signal's reason; what was computed is kept
 */
export async function computeFeatures(network: Network, options: FeatureOptions): Promise<Features> {
  const { device } = network;
  const { paths, cacheDir, augment = 0, seed = 0, onProgress, signal, read, note, reuse } = options;
  const root = cacheDir === undefined ? undefined : joinPath(cacheDir, 'features');
  const store = options.store ?? (await featureStore(network, { root, note, reuse }));
  const copies = Array.from({ length: augment }, (_, copy) => ({ seed, copy }));
  const { keys, skipped, computed } = await extractFeatures({
    paths,
    store,
    compute: requests => recovering(network, () => forwardFeatures(network, requests)),
    batchSize: options.batchSize ?? featureBatchSize(device),
    augmentations: [null, ...copies],
    signal,
    read,
    onProgress: onProgress && (({ done, total }) => onProgress(done, total)),
  });
  const rowKeys = keys.flatMap(ofImage => ofImage ?? []);
  if (rowKeys.length === 0 && paths.length > 0)
    throw new InputError(`features: none of the ${paths.length} images could be read`);
  const images = keys.flatMap((ofImage, image) => (ofImage ?? []).map(() => image));
  return { rows: await store.getMany(rowKeys), images, skipped, computed };
}

/** Images in one forward pass, unless the caller says: on a CPU more are no faster each. */
export function featureBatchSize({ adapter }: Device): number {
  return adapter.kind === 'gpu' ? 32 : 1;
}

/** The store of a network's features: a folder, or `memory`, which needs no file system. */
export async function featureStore(
  network: Network,
  options: { readonly root?: string | 'memory'; readonly note?: (text: string) => void; readonly reuse?: Reuse } = {},
): Promise<FeatureStore> {
  const { weightsHash, architecture } = network.backbone;
  const dimension = RESNET_LAYOUTS[architecture].features;
  const origin = await featureOrigin(network);
  return FeatureStore.open({
    weightsHash,
    preprocessing: featurePreprocessing(network),
    dimension,
    origin,
    ...options,
  });
}

/** Rows [requests.length, F]. @throws DeviceError a feature is not finite, or all of a row are 0 */
async function forwardFeatures(
  { device, backbone, model }: Network,
  requests: readonly FeatureRequest[],
): Promise<Float32Array> {
  const { features } = device.scope(() => {
    const images = requests.map(({ image }) => image);
    const { x } = preprocessBatch(
      device,
      images,
      squashTransform(backbone.preprocessing),
      requests.map(augmentationOf),
    );
    return model.infer(x);
  });
  const rows = finite('avgpool', await features.read());
  const width = rows.length / requests.length;
  requests.forEach((_, i) => {
    notAllZero('avgpool', rows.subarray(i * width, (i + 1) * width));
  });
  return rows;
}

/** Drawn from the pixels and the copy's number: the same in every run, whatever the order. */
function augmentationOf({ augmentation, pixelsHash }: FeatureRequest): AugmentationParameters | undefined {
  if (augmentation === null) return undefined;
  const { seed, copy } = augmentation as { seed: number; copy: number };
  return randomAugmentation(Random.of(seed, 'augmentation', copy, pixelsHash));
}

/** What features depend on besides the weights' bytes. */
function featurePreprocessing({ backbone: { architecture, strideOn, eps, preprocessing } }: Network) {
  return { architecture, strideOn, eps, ...squashTransform(preprocessing) };
}
