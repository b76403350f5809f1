/** The result of training: the head of the selected epoch, and the metadata of its file. */
import { squashTransform } from '../data/transforms.ts';
import type { HeadValues } from '../nn/head.ts';
import type { HeadMetadata } from '../nn/head_file.ts';
import type { Backbone } from '../weights/backbone.ts';
import type { FitResult } from './fit.ts';
import type { Metrics } from './metrics.ts';

/** The settings of a training, as in the options of `raycam train`. */
export interface TrainingSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly lr: number;
  readonly stepSize: number;
  readonly gamma: number;
  readonly seed: number;
  /** Augmented copies of each training image. */
  readonly augment: number;
  /** The epoch to keep. */
  readonly select: 'best' | 'last';
}

/** Returns the weights of the selected epoch and its index. The first epoch is 0. */
export function selectEpoch(
  { best, bestEpoch, last, history }: FitResult,
  select: TrainingSettings['select'],
): { readonly head: HeadValues; readonly epoch: number } {
  const isBest = select === 'best' && bestEpoch >= 0;
  return isBest ? { head: best, epoch: bestEpoch } : { head: last, epoch: history.length - 1 };
}

export interface TrainingReport {
  readonly settings: TrainingSettings;
  /** Number of training rows. */
  readonly images: number;
  /** Index of the epoch whose weights the head has. The first is 0. */
  readonly epoch: number;
  /** The set whose accuracy selects the best epoch. */
  readonly chosenBy: string;
  readonly metrics: Metrics;
  /** The set that the metrics were measured on. */
  readonly measuredOn: string;
}

/** Returns the metadata of the head's file. The same training produces the same metadata, and so the same file. */
export function headMetadata(backbone: Backbone, report: TrainingReport): HeadMetadata {
  const { settings, images, epoch, chosenBy } = report;
  const { epochs, batchSize, lr, stepSize, gamma, seed, augment, select } = settings;
  return {
    backbone: backbone.id,
    featuresOf: backbone.featuresOf,
    weightsHash: backbone.weightsHash,
    preprocessing: { ...squashTransform(backbone.preprocessing) },
    strideOn: backbone.strideOn,
    eps: backbone.eps,
    training: {
      images,
      ...{ epochs, batchSize, lr, stepSize, gamma, seed, augment, select },
      epoch,
      chosenBy: select === 'best' ? chosenBy : null,
    },
    metrics: headMetrics(report.metrics, report.measuredOn),
  };
}

/** Returns the metrics that a head's file has, measured on the set `on`: all but the ROC curve and the notes. */
export function headMetrics({ roc: _, notes: __, ...metrics }: Metrics, on: string): HeadMetadata['metrics'] {
  return { on, ...metrics };
}
