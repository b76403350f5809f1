import type { CompileTimes } from './cold_pipelines.ts';
import type { Environment } from './environment.ts';
import type { Summary } from './statistics.ts';

/** The stages of a start, one after the other, in milliseconds. */
export interface ColdStart {
  readonly deviceOpenMs: number;
  readonly compile: CompileTimes;
  /** From the state dict onto the device, packed; with a formula's weights, their making left out. */
  readonly weightsMs: number;
  /** Upload of the image, forward, readback. */
  readonly firstForwardMs: number;
  readonly totalMs: number;
  /** The forwards after the first: engines that compile in tiers, and caches, settle during them. */
  readonly nextForwardsMs: readonly number[];
}

/** Of one image batch, warm, in milliseconds. */
export interface ForwardTimes {
  /** Upload, forward, readback. */
  readonly total: Summary;
  readonly upload: Summary;
  /** From the call until the adapter is done, by the host's clock. */
  readonly forward: Summary;
  /** Of `forward`: from the call until the commands were submitted. */
  readonly host: Summary;
  /** The same where the plan's commands were encoded ahead, while the forward before ran: as programs that run it have it. */
  readonly hostAhead?: Summary;
  /** Of `forward`: by the adapter's own timestamps. */
  readonly gpu?: Summary;
  readonly readback: Summary;
}

export interface MemoryReport {
  readonly compact: boolean;
  readonly halfWeights: boolean;
  /** All tensors of the network in f32. */
  readonly weightsBytes: number;
  /** All buffers of the device, with the network loaded and nothing running. */
  readonly loadedBytes: number;
  /** The most that all buffers of the device held at once, loading included. */
  readonly peakBytes: number;
  /** The most during a warm forward, over `loadedBytes`. */
  readonly activationBytes: number;
  /** peakBytes / weightsBytes */
  readonly ratio: number;
  /** The adapter `wasm`: what its memory has grown to, which also holds programs and stacks. */
  readonly reservedBytes?: number;
}

/** A forward with factors of 16 bits against one of 32. */
export interface HalfReport {
  /** Which factors are 16-bit floats: weights alone, or pixels too. */
  readonly of: 'weights' | 'products';
  /** The largest difference of a logit, as a share of the largest logit. */
  readonly largestError: number;
  /** Share of the images whose largest logit is that of the same class. */
  readonly sameClass: number;
}

/** One module's share of a forward. */
export interface LayerTime {
  /** Module path. */
  readonly path: string;
  readonly kernels: readonly string[];
  /** Median over the samples of the sum of its dispatches. */
  readonly ms: number;
  readonly mad: number;
  /** Useful operations, convolutions counted as direct; missing for what is no module. */
  readonly flop?: number;
  readonly gflops?: number;
}

export interface LayerTable {
  readonly layers: readonly LayerTime[];
  /** Each dispatch in a pass of its own between timestamps. */
  readonly sumMs: number;
  /** The whole forward by the host's clock, measured in turns with the above. */
  readonly forwardMs: number;
  /** forwardMs - sumMs: recording, submitting, waiting; below 0 where dispatches overlap. */
  readonly remainderMs: number;
}

export interface ModelResult {
  readonly kind: 'model';
  readonly model: string;
  readonly backbone: string;
  readonly adapter: string;
  readonly threads?: number;
  readonly batch: number;
  /** Height and width of the images in pixels. */
  readonly side: number;
  readonly compact: boolean;
  /** Where weights are 16-bit floats and `bothSettings` was asked for: what that costs. */
  readonly half?: HalfReport;
  /** Recorded anew each time, in place of by a plan. */
  readonly eager: boolean;
  /** Of the whole: upload, forward and readback, as other programs are timed. */
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly firstMs: number;
  readonly compileMs: number;
  readonly peakBytes: number;
  /** Useful operations of a forward, convolutions counted as direct. */
  readonly flop: number;
  /** By the forward's median. */
  readonly gflops: number;
  /** What multiply-adds alone reach on this adapter, 10^9 operations a second: the mean of just before the forwards and just after. */
  readonly fmaGflops: number;
  readonly noisy: boolean;
  readonly coldStart: ColdStart;
  readonly forward: ForwardTimes;
  readonly memory: readonly MemoryReport[];
  readonly byLayer?: LayerTable;
  readonly environment: Environment;
}
