/** Training a head in the engine: from picked files to the weights of every epoch. */
import { sha256 } from '#platform';
import type { FeatureStore } from '../../data/feature_store.ts';
import { type ImageFolder, openDataset } from '../../data/image_folder.ts';
import type { SkippedImage } from '../../data/loader.ts';
import { pickedFolder } from '../../data/picked_files.ts';
import { holdOut, type TrainingFolders, trainingFolders } from '../../data/training_folders.ts';
import { InputError } from '../../errors/index.ts';
import { computeFeatures, featureStore } from '../../inference/features.ts';
import type { Network } from '../../inference/network.ts';
import { type HeadValues, initialHead } from '../../nn/head.ts';
import { encodeHead, type HeadMetadata } from '../../nn/head_file.ts';
import { evaluate } from '../../train/evaluate.ts';
import type { FeatureSet } from '../../train/feature_set.ts';
import { type EpochRecord, fit } from '../../train/fit.ts';
import type { Metrics } from '../../train/metrics.ts';
import { TorchRandom } from '../../nn/torch_random.ts';
import { headMetadata, selectEpoch, type TrainingSettings } from '../../train/trained_head.ts';

export interface PickedFile {
  /** From the picked folder on, `/` between the names. */
  readonly path: string;
  readonly file: Blob;
}

export interface TrainingRequest {
  readonly files: readonly PickedFile[];
  readonly settings: TrainingSettings;
}

export type TrainingProgress =
  | { readonly stage: 'features'; readonly of: string; readonly done: number; readonly total: number }
  | { readonly stage: 'epoch'; readonly record: EpochRecord; readonly metrics: Metrics };

/** What the page is told of a training that is done. */
export interface TrainingSummary {
  readonly settings: TrainingSettings;
  readonly classes: readonly string[];
  readonly valName: string;
  readonly images: { readonly train: number; readonly val: number };
  readonly skipped: readonly SkippedImage[];
  readonly history: readonly EpochRecord[];
  /** On the second set: before the first epoch, and after each. */
  readonly metrics: readonly Metrics[];
  /** The epoch that is kept, from 0. */
  readonly epoch: number;
  readonly elapsedMs: number;
  /** Of the head file of that epoch. */
  readonly sha256: string;
}

/** All that is kept of a training. */
export interface Training {
  readonly network: Network;
  readonly summary: TrainingSummary;
  /** Before the first epoch, and after each. */
  readonly heads: readonly HeadValues[];
  readonly metadata: HeadMetadata;
}

interface Watch {
  readonly signal: AbortSignal;
  progress(value: TrainingProgress): void;
}

const stores = new WeakMap<Network, Promise<FeatureStore>>();

/** @throws InputError  the files are no labelled folder; the signal's reason */
export async function train(network: Network, { files, settings }: TrainingRequest, watch: Watch): Promise<Training> {
  const startedMs = performance.now();
  const folders = await foldersOf(files);
  const { classes } = folders.train;
  const blobs = new Map(files.map(({ path, file }) => [path, file]));
  const read = async (path: string) => new Uint8Array(await blobs.get(path)!.arrayBuffer());
  const of = (folder: ImageFolder, name: string, augment: number) =>
    featureSet(network, { folder, name, augment, seed: settings.seed, read }, watch);
  const sets = {
    train: await of(folders.train, 'train', settings.augment),
    val: await of(folders.val, folders.valName, 0),
  };
  const test = folders.test && (await of(folders.test, 'test', 0));

  const { device, backbone } = network;
  const first = initialHead({
    classes,
    featureCount: sets.train.features.length / sets.train.labels.length,
    random: new TorchRandom(settings.seed),
  });
  const heads = [first];
  const metrics = [await evaluate(device, first, { set: sets.val })];
  const result = await fit(
    device,
    { classes, ...sets },
    {
      ...settings,
      valName: folders.valName,
      signal: watch.signal,
      onEpoch: async (record, head) => {
        heads.push(head);
        metrics.push(await evaluate(device, head, { set: sets.val }));
        watch.progress({ stage: 'epoch', record, metrics: metrics.at(-1)! });
      },
    },
  );
  watch.signal.throwIfAborted();
  const { head, epoch } = selectEpoch(result, settings.select);
  const metadata = headMetadata(backbone, {
    settings,
    images: sets.train.labels.length,
    epoch,
    chosenBy: folders.valName,
    metrics: await evaluate(device, head, { set: test ?? sets.val }),
    measuredOn: test ? 'test' : folders.valName,
  });
  const summary = {
    settings,
    classes,
    valName: folders.valName,
    images: { train: sets.train.labels.length, val: sets.val.labels.length },
    skipped: [...sets.train.skipped, ...sets.val.skipped, ...(test?.skipped ?? [])],
    history: result.history,
    metrics,
    epoch,
    elapsedMs: performance.now() - startedMs,
    sha256: await sha256(encodeHead(head, metadata)),
  };
  return { network, summary, heads, metadata };
}

/** The file of an epoch's head: of the one that is kept, the bytes that `raycam train` writes. */
export function headFileOf({ heads, metadata, summary }: Training, epoch: number): { bytes: Uint8Array; name: string } {
  const kept = epoch === summary.epoch;
  const training = kept ? metadata.training : { ...metadata.training, select: 'by hand', epoch, chosenBy: null };
  const metrics = kept ? metadata.metrics : withoutRoc(summary.metrics[epoch + 1]!, summary.valName);
  const bytes = encodeHead(heads[epoch + 1]!, { ...metadata, training, metrics });
  return { bytes, name: kept ? 'head.safetensors' : `head_epoch_${epoch}.safetensors` };
}

function withoutRoc({ roc: _, notes: __, ...metrics }: Metrics, on: string): HeadMetadata['metrics'] {
  return { on, ...metrics };
}

/** The picked files as the folders that they came from. */
async function foldersOf(files: readonly PickedFile[]): Promise<TrainingFolders> {
  if (files.length === 0) throw new InputError('train: the folder is empty. Pick one with a folder per class in it');
  const root = files[0]!.path.split('/')[0]!;
  const dataset = await openDataset(root, pickedFolder(files.map(({ path }) => path)));
  return dataset.splits.all ? holdOut(dataset.splits.all) : trainingFolders(dataset);
}

interface SetRequest {
  readonly folder: ImageFolder;
  readonly name: string;
  readonly augment: number;
  readonly seed: number;
  readonly read: (path: string) => Promise<Uint8Array>;
}

async function featureSet(
  network: Network,
  { folder, name, augment, seed, read }: SetRequest,
  { signal, progress }: Watch,
): Promise<FeatureSet & { readonly skipped: readonly SkippedImage[] }> {
  const store = stores.get(network) ?? featureStore(network, { root: 'memory' });
  stores.set(network, store);
  const { rows, images, skipped } = await computeFeatures(network, {
    paths: folder.images.map(({ path }) => path),
    store: await store,
    augment,
    seed,
    read,
    signal,
    onProgress: (done, total) => progress({ stage: 'features', of: name, done, total }),
  });
  return { features: rows, labels: images.map(image => folder.images[image]!.classIndex), skipped };
}
