import type { Environment } from './environment.ts';
import type { Interval } from './statistics.ts';

/** A part of the images, and beside it the kernels alone. */
export interface FeatureRound {
  readonly images: number;
  /** Of the kernels alone, each of a whole batch. */
  readonly forwards: number;
  /** From files to features in the store, in milliseconds. */
  readonly featuresMs: number;
  /** Forwards of images that lie on the device, in milliseconds. */
  readonly kernelsMs: number;
  /** The process, after the round. */
  readonly rssBytes?: number;
}

/** What a process takes: Node, libraries, and what the device keeps in the host's memory. */
export interface HostMemory {
  readonly rssBytes: number;
  /** The most since it began. */
  readonly peakBytes: number;
}

export interface FeatureResult {
  readonly kind: 'features';
  readonly model: string;
  readonly backbone: string;
  readonly adapter: string;
  readonly threads?: number;
  readonly batch: number;
  readonly images: number;
  /** Medians over the rounds. */
  readonly imagesPerSecond: number;
  readonly kernelsPerSecond: number;
  /** Median of the rounds' own ratios: images per second over those of the kernels beside them. */
  readonly ratio: number;
  readonly interval: Interval;
  /** The ratio in the last third of the rounds over that in the first: 1 where an image costs the same, however many were before it. */
  readonly lastToFirst: number;
  readonly memory: {
    /** All tensors of the network in f32. */
    readonly weightsBytes: number;
    /** Of the whole process since it began, loading included. */
    readonly peakBytes?: number;
  };
  readonly rounds: readonly FeatureRound[];
  readonly environment: Environment;
}
