/** Trains a head in the page's engine from the files that the user picked, and keeps the head of every epoch. */
import { sha256 } from '#platform';
import type { FeatureStore } from '../../data/feature_store.ts';
import { type ImageFolder, openDataset } from '../../data/image_folder.ts';
import type { SkippedImage } from '../../data/loader.ts';
import { pickedFolder } from '../../data/picked_files.ts';
import { type TrainingFolders, trainingFolders } from '../../data/training_folders.ts';
import { InputError } from '../../errors/index.ts';
import { computeFeatures, featureStore } from '../../inference/features.ts';
import type { Network } from '../../inference/network.ts';
import { evaluateHead } from '../../inference/predict.ts';
import { trainHead } from '../../inference/train_head.ts';
import type { HeadValues } from '../../nn/head.ts';
import { encodeHead, type HeadMetadata } from '../../nn/head_file.ts';
import type { FeatureSet } from '../../train/feature_set.ts';
import type { EpochRecord } from '../../train/fit.ts';
import type { Metrics } from '../../train/metrics.ts';
import { headMetrics, type TrainingSettings } from '../../train/trained_head.ts';

export interface PickedFile {
  /** Path that begins with the picked folder's name; its parts are separated by `/`. */
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

/** The result of a training, in the form in which the page receives it. */
export interface TrainingSummary {
  readonly settings: TrainingSettings;
  readonly classes: readonly string[];
  readonly valName: string;
  /** A sentence that says which images were held out. Absent if the folder has train, val or test folders. */
  readonly note?: string;
  readonly images: { readonly train: number; readonly val: number };
  readonly skipped: readonly SkippedImage[];
  readonly history: readonly EpochRecord[];
  /** Metrics on the set `valName`, measured before the first epoch and after each epoch. */
  readonly metrics: readonly Metrics[];
  /** Index of the epoch whose head the training selected, counted from 0. */
  readonly epoch: number;
  readonly elapsedMs: number;
  /** SHA-256 of the selected epoch's head file. */
  readonly sha256: string;
}

/** A finished training, in the form in which the engine keeps it. */
export interface Training {
  readonly network: Network;
  readonly summary: TrainingSummary;
  /** The head before the first epoch, and the head after each epoch. */
  readonly heads: readonly HeadValues[];
  readonly metadata: HeadMetadata;
}

interface Hooks {
  readonly signal: AbortSignal;
  progress(value: TrainingProgress): void;
}

const stores = new WeakMap<Network, Promise<FeatureStore>>();

/**
 * Computes features and trains a head.
 *
 * @throws InputError  the files are not a folder of labelled images
 * @throws the signal's reason, if the signal aborts the training
 */
export async function train(network: Network, { files, settings }: TrainingRequest, hooks: Hooks): Promise<Training> {
  const startedMs = performance.now();
  const folders = await foldersOf(files, settings.seed);
  const { classes } = folders.train;
  const blobs = new Map(files.map(({ path, file }) => [path, file]));
  const read = async (path: string) => new Uint8Array(await blobs.get(path)!.arrayBuffer());
  const heads: HeadValues[] = [];
  const metrics: Metrics[] = [];
  const measure = async (head: HeadValues, set: FeatureSet) => {
    heads.push(head);
    metrics.push(await evaluateHead(network, head, { set }));
    return metrics.at(-1)!;
  };
  const trained = await trainHead(network, {
    folders,
    settings,
    featureSet: (folder, name, augment) =>
      featureSet(network, { folder, name, augment, seed: settings.seed, read }, hooks),
    signal: hooks.signal,
    onStart: (first, { val }) => measure(first, val),
    onEpoch: async (record, head, { val }) =>
      hooks.progress({ stage: 'epoch', record, metrics: await measure(head, val) }),
  });
  if (!trained) throw hooks.signal.reason;
  const { head, epoch, history, metadata, sets } = trained;
  const summary = {
    settings,
    classes,
    valName: folders.valName,
    note: folders.note,
    images: { train: sets.train.labels.length, val: sets.val.labels.length },
    skipped: [...sets.train.skipped, ...sets.val.skipped, ...(sets.test?.skipped ?? [])],
    history,
    metrics,
    epoch,
    elapsedMs: performance.now() - startedMs,
    sha256: await sha256(encodeHead(head, metadata)),
  };
  return { network, summary, heads, metadata };
}

/**
 * Returns the file of an epoch's head. The selected epoch's file is the same that `raycam train` writes, byte for byte.
 */
export function headFileOf({ heads, metadata, summary }: Training, epoch: number): { bytes: Uint8Array; name: string } {
  const kept = epoch === summary.epoch;
  const training = kept ? metadata.training : { ...metadata.training, select: 'by hand', epoch, chosenBy: null };
  const metrics = kept ? metadata.metrics : headMetrics(summary.metrics[epoch + 1]!, summary.valName);
  const bytes = encodeHead(heads[epoch + 1]!, { ...metadata, training, metrics });
  return { bytes, name: kept ? 'head.safetensors' : `head_epoch_${epoch}.safetensors` };
}

/** Divides the picked files into a training set, a validation set and, if the folder contains one, a test set. */
async function foldersOf(files: readonly PickedFile[], seed: number): Promise<TrainingFolders> {
  if (files.length === 0) throw new InputError('train: the folder is empty. Pick one that contains a folder per class');
  const root = files[0]!.path.split('/')[0]!;
  return trainingFolders(await openDataset(root, pickedFolder(files.map(({ path }) => path))), seed);
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
  { signal, progress }: Hooks,
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
