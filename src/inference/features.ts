import { joinPath } from '#platform';
import { extractFeatures, type FeatureRequest } from '../data/extract_features.ts';
import { FeatureStore, type Reuse } from '../data/feature_store.ts';
import type { ImageNote, SkippedImage } from '../data/loader.ts';
import { Random } from '../data/random.ts';
import {
  type AugmentationParameters,
  checkResizable,
  randomAugmentation,
  squashTransform,
} from '../data/transforms.ts';
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
  /** Images per forward pass; by default 32 on a GPU, 1 on other adapters. */
  readonly batchSize?: number;
  /** Number of augmented copies of each image, in addition to the image itself; 0 by default. */
  readonly augment?: number;
  readonly seed?: number;
  /** Folder that contains the store; the platform's cache folder by default. */
  readonly cacheDir?: string;
  /** With `any`, stored rows of another adapter or version are used. By default they are computed again. */
  readonly reuse?: Reuse;
  /** An open store from `featureStore`. By default the store in `cacheDir` is opened. */
  readonly store?: FeatureStore;
  /** Reads an image's bytes; from the file system by default. */
  readonly read?: (path: string) => Promise<Uint8Array>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Called for each image that could not be read, before the features are returned or none is found. */
  readonly onSkip?: (image: SkippedImage) => void;
  readonly note?: (text: string) => void;
}

export interface Features {
  /** [M, F]. Each image's rows are adjacent: first the image itself, then its augmented copies. */
  readonly rows: Float32Array;
  /** For each row, the index of its image in `paths`. */
  readonly images: readonly number[];
  readonly skipped: readonly SkippedImage[];
  /** The decoders' notes on the images that this call decoded. */
  readonly notes: readonly ImageNote[];
  /** Number of rows computed by this call. The others were already stored. */
  readonly computed: number;
}

/**
 * Returns the pooled features of X-rays squashed to 224 x 224, and stores them. A second run decodes no image.
 *
 * @throws InputError   no image could be read
 * @throws DeviceError  a feature is not finite, all features of an image are 0, or the device is lost a second time
 * @throws the signal's reason; the rows computed so far stay in the store
 */
export async function computeFeatures(network: Network, options: FeatureOptions): Promise<Features> {
  const { device } = network;
  const { paths, cacheDir, augment = 0, seed = 0, onProgress, signal, read, note, reuse } = options;
  const root = cacheDir === undefined ? undefined : joinPath(cacheDir, 'features');
  const store = options.store ?? (await featureStore(network, { root, note, reuse }));
  const copies = Array.from({ length: augment }, (_, copy) => ({ seed, copy }));
  const { keys, skipped, notes, computed } = await extractFeatures({
    paths,
    store,
    check: image => checkResizable(network.device, image, squashTransform(network.backbone.preprocessing).resize),
    compute: requests => recovering(network, () => forwardFeatures(network, requests)),
    batchSize: options.batchSize ?? featureBatchSize(device),
    augmentations: [null, ...copies],
    signal,
    read,
    onProgress: onProgress && (({ done, total }) => onProgress(done, total)),
  });
  for (const image of skipped) options.onSkip?.(image);
  const rowKeys = keys.flatMap(ofImage => ofImage ?? []);
  if (rowKeys.length === 0 && paths.length > 0)
    throw new InputError(`features: none of the ${paths.length} images could be read`);
  const images = keys.flatMap((ofImage, image) => (ofImage ?? []).map(() => image));
  return { rows: await store.getMany(rowKeys), images, skipped, notes, computed };
}

/** Returns the default number of images per forward pass. On a CPU, larger batches take as long per image. */
export function featureBatchSize({ adapter }: Device): number {
  return adapter.kind === 'gpu' ? 32 : 1;
}

/** Opens the store of a network's features. `root` is a folder, or `memory`, which needs no file system. */
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

/** Returns rows [requests.length, F]. @throws DeviceError  a feature is not finite, or a whole row is 0 */
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

/** Draws augmentation parameters, seeded by the pixels and the copy's number: the same in every run, in any order. */
function augmentationOf({ augmentation, pixelsHash }: FeatureRequest): AugmentationParameters | undefined {
  if (augmentation === null) return undefined;
  const { seed, copy } = augmentation as { seed: number; copy: number };
  return randomAugmentation(Random.of(seed, 'augmentation', copy, pixelsHash));
}

/** Returns the settings, besides the weights' bytes, that features depend on. */
function featurePreprocessing({ backbone: { architecture, strideOn, eps, preprocessing } }: Network) {
  return { architecture, strideOn, eps, ...squashTransform(preprocessing) };
}
