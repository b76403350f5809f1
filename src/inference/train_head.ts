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
  /** Evaluated in every epoch, to choose the best one. */
  readonly val: Set;
  /** Used only for the final metrics. */
  readonly test?: Set;
}

export interface TrainingRequest<Set extends FeatureSet> {
  readonly folders: TrainingFolders;
  readonly settings: TrainingSettings;
  /** Computes a folder's features; `augment` is the number of augmented copies of each image. */
  readonly featureSet: (folder: ImageFolder, name: string, augment: number) => Promise<Set>;
  /** Aborts the training; `trainHead` then returns undefined. */
  readonly signal?: AbortSignal;
  /** Called with every line that the tutorial prints. */
  readonly onLine?: (line: string) => void;
  /** Called before the first epoch, with the initial head. */
  readonly onStart?: (head: HeadValues, sets: TrainingSets<Set>) => unknown;
  /** Called when an epoch ends, with the head's weights at that time. */
  readonly onEpoch?: (epoch: EpochRecord, head: HeadValues, sets: TrainingSets<Set>) => unknown;
}

export interface TrainedHead<Set extends FeatureSet = FeatureSet> {
  readonly head: HeadValues;
  /** The epoch whose weights the head has, counted from 0. */
  readonly epoch: number;
  readonly history: FitResult['history'];
  /** Time to compute the features of all sets. */
  readonly featuresMs: number;
  /** Time to train all epochs. */
  readonly elapsedMs: number;
  readonly sets: TrainingSets<Set>;
  /** On the test set if there is one, otherwise on the validation set. */
  readonly metrics: Metrics;
  /** Metadata about the training, for the head file. */
  readonly metadata: HeadMetadata;
}

/**
 * Trains a head on a frozen network: computes the features of each folder, trains all epochs, selects one, and
 * evaluates it. If the device is lost, training starts again on a new device. The seed makes both runs equal, so calls of the
 * callbacks that were already made are not repeated.
 *
 * Returns undefined if the signal aborted the training.
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
