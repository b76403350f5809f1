/** What training leaves: the head of an epoch, and all that its file says of it. */
import { squashTransform } from '../data/transforms.ts';
import type { HeadValues } from '../nn/head.ts';
import type { HeadMetadata } from '../nn/head_file.ts';
import type { Backbone } from '../weights/backbone.ts';
import type { FitResult } from './fit.ts';
import type { Metrics } from './metrics.ts';

/** What a head was trained with, as `raycam train` takes it. */
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

/** The weights of the epoch that is kept, and its number from 0. */
export function selectEpoch(
  { best, bestEpoch, last, history }: FitResult,
  select: TrainingSettings['select'],
): { readonly head: HeadValues; readonly epoch: number } {
  const isBest = select === 'best' && bestEpoch >= 0;
  return isBest ? { head: best, epoch: bestEpoch } : { head: last, epoch: history.length - 1 };
}

export interface TrainingReport {
  readonly settings: TrainingSettings;
  /** Rows that were learnt from. */
  readonly images: number;
  /** Whose weights the head has, from 0. */
  readonly epoch: number;
  /** Whose accuracy `best` goes by. */
  readonly chosenBy: string;
  readonly metrics: Metrics;
  readonly measuredOn: string;
}

/** The same training gives the same metadata, and with it the same bytes of the file. */
export function headMetadata(backbone: Backbone, report: TrainingReport): HeadMetadata {
  const { settings, images, epoch, chosenBy, measuredOn } = report;
  const { epochs, batchSize, lr, stepSize, gamma, seed, augment, select } = settings;
  const { roc: _, notes: __, ...metrics } = report.metrics;
  return {
    backbone: backbone.id,
    featuresOf: backbone.featuresOf,
    weightsHash: backbone.weightsHash,
    preprocessing: { ...squashTransform(backbone.preprocessing) },
    training: {
      images,
      ...{ epochs, batchSize, lr, stepSize, gamma, seed, augment, select },
      epoch,
      chosenBy: select === 'best' ? chosenBy : null,
    },
    metrics: { on: measuredOn, ...metrics },
  };
}
