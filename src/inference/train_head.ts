/** The training recipe that `raycam train`, `raycam demo` and the page share. */
import type { ImageFolder } from '../data/image_folder.ts';
import type { TrainingFolders } from '../data/training_folders.ts';
import type { HeadValues } from '../nn/head.ts';
import type { HeadMetadata } from '../nn/head_file.ts';
import type { FeatureSet } from '../train/feature_set.ts';
import { type EpochRecord, type FitResult, fit } from '../train/fit.ts';
import type { Metrics } from '../train/metrics.ts';
import { headMetadata, selectEpoch, type TrainingSettings } from '../train/trained_head.ts';
import type { Network } from './network.ts';
import { evaluateHead } from './predict.ts';
import { recovering } from './recovery.ts';

export interface TrainingSets<Set extends FeatureSet = FeatureSet> {
  readonly train: Set;
  /** The second phase of every epoch. */
  readonly val: Set;
  /** Only measured on. */
  readonly test?: Set;
}

export interface TrainingRequest<Set extends FeatureSet> {
  readonly folders: TrainingFolders;
  readonly settings: TrainingSettings;
  /** Returns a folder's features; `augment` is the number of augmented copies of each image. */
  readonly featureSet: (folder: ImageFolder, name: string, augment: number) => Promise<Set>;
  /** Ends the training; `trainHead` then returns undefined. */
  readonly signal?: AbortSignal;
  /** Called with every line that the tutorial prints. */
  readonly onLine?: (line: string) => void;
  /** Called before the first epoch, with the initial head. */
  readonly onStart?: (head: HeadValues, sets: TrainingSets<Set>) => unknown;
  /** Called when an epoch ends, with the weights of that moment. */
  readonly onEpoch?: (epoch: EpochRecord, head: HeadValues, sets: TrainingSets<Set>) => unknown;
}

export interface TrainedHead<Set extends FeatureSet = FeatureSet> {
  readonly head: HeadValues;
  /** The epoch whose weights the head has, counted from 0. */
  readonly epoch: number;
  readonly history: FitResult['history'];
  /** Time of all features. */
  readonly featuresMs: number;
  /** Time of all epochs. */
  readonly elapsedMs: number;
  readonly sets: TrainingSets<Set>;
  /** On the test set if there is one, otherwise on the validation set. */
  readonly metrics: Metrics;
  /** What the head file says about the training. */
  readonly metadata: HeadMetadata;
}

/**
 * Trains a head on a frozen network: features of each folder, the epochs, the choice of the epoch, and its evaluation.
 * If the device is lost, the epochs start again on a new device; the callbacks then skip what they were told before,
 * because the seed makes both runs equal.
 *
 * Returns undefined if the signal ended the training.
 *
 * @throws InputError   a set is empty or damaged
 * @throws DeviceError  the loss is not finite, or the device was lost twice
 */
export async function trainHead<Set extends FeatureSet>(
  network: Network,
  request: TrainingRequest<Set>,
): Promise<TrainedHead<Set> | undefined> {
  const { folders, settings, featureSet, signal } = request;
  const { classes } = folders.train;
  const startedMs = performance.now();
  const sets = {
    train: await featureSet(folders.train, 'train', settings.augment),
    val: await featureSet(folders.val, folders.valName, 0),
    ...(folders.test && { test: await featureSet(folders.test, 'test', 0) }),
  };
  const featuresMs = performance.now() - startedMs;
  const onStart = oncePerCall((head: HeadValues) => request.onStart?.(head, sets));
  const onLine = oncePerCall(request.onLine);
  const onEpoch = oncePerCall((epoch: EpochRecord, head: HeadValues) => request.onEpoch?.(epoch, head, sets));
  const result = await recovering(network, () =>
    fit(
      network.device,
      { classes, train: sets.train, val: sets.val },
      {
        ...settings,
        valName: folders.valName,
        signal,
        onStart: onStart.restart(),
        onLine: onLine.restart(),
        onEpoch: onEpoch.restart(),
      },
    ),
  );
  if (result.aborted) return undefined;
  const { head, epoch } = selectEpoch(result, settings.select);
  const metrics = await evaluateHead(network, head, { set: sets.test ?? sets.val });
  const metadata = headMetadata(network.backbone, {
    settings,
    images: sets.train.labels.length,
    epoch,
    chosenBy: folders.valName,
    metrics,
    measuredOn: sets.test ? 'test' : folders.valName,
  });
  const { history, elapsedMs } = result;
  return { head, epoch, history, featuresMs, elapsedMs, sets, metrics, metadata };
}

/** Wraps a callback so that a second run, after `restart`, skips as many calls as the first run made. */
function oncePerCall<Arguments extends readonly unknown[]>(callback: ((...values: Arguments) => unknown) | undefined) {
  let made = 0;
  return {
    restart: () => {
      let index = 0;
      return (...values: Arguments): unknown => {
        if (index++ < made) return undefined;
        made = index;
        return callback?.(...values);
      };
    },
  };
}
