import { relativeError } from '../doctor/self_test.ts';
import type { ModuleWork } from '../nn/resnet_work.ts';
import type { Dispatched } from '../observe/observer.ts';
import type { AdapterReport } from '../runtime/adapter.ts';
import { elementCount } from '../runtime/shape.ts';
import type { Backbone } from '../weights/backbone.ts';
import type { CompileTimes } from './cold_pipelines.ts';
import type { Environment } from './environment.ts';
import { type Summary, summarize } from './statistics.ts';

/** The stages of a start, one after another, in milliseconds. */
export interface ColdStart {
  readonly deviceOpenMs: number;
  readonly compile: CompileTimes;
  /** From the state dict to packed weights on the device. Synthetic weights are computed before. */
  readonly weightsMs: number;
  /** Upload of the image, forward, readback. */
  readonly firstForwardMs: number;
  readonly totalMs: number;
  /** The forwards after the first, in which tiered compilers and caches settle. */
  readonly nextForwardsMs: readonly number[];
}

/** Warm forwards of one batch, in milliseconds. */
export interface ForwardTimes {
  /** Upload, forward, readback. */
  readonly total: Summary;
  readonly upload: Summary;
  /** From the call until the adapter is done, by the host's clock. */
  readonly forward: Summary;
  /** The part of `forward` from the call until the commands are submitted. */
  readonly host: Summary;
  /**
   * `host` if the graph's commands are encoded ahead, while the previous forward runs. Programs that use Raycam see
   * this.
   */
  readonly hostAhead?: Summary;
  /** The part of `forward` by the adapter's own timestamps. */
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
  /** The peak of all buffers of the device, loading included. */
  readonly peakBytes: number;
  /** The peak of a warm forward above `loadedBytes`. */
  readonly activationBytes: number;
  /** peakBytes / weightsBytes */
  readonly ratio: number;
  /** Only on the wasm device: the size of its WebAssembly memory, which also contains programs and stacks. */
  readonly reservedBytes?: number;
}

/** A forward with 16-bit factors, compared with one in 32 bits. */
export interface HalfReport {
  /** Which factors are 16-bit floats: only the weights, or pixels as well. */
  readonly of: 'weights' | 'products';
  /** The largest difference of a logit over the largest logit. */
  readonly largestError: number;
  /** The share of images that keep their class. */
  readonly sameClass: number;
}

/** One module's share of a forward. */
export interface LayerTime {
  /** Module path. */
  readonly path: string;
  readonly kernels: readonly string[];
  /** Sum of the module's dispatches, median over the samples. */
  readonly ms: number;
  readonly mad: number;
  /** Useful operations. A convolution counts as direct. Missing if no module has this path. */
  readonly flop?: number;
  readonly gflops?: number;
}

export interface LayerTable {
  readonly layers: readonly LayerTime[];
  /** Sum of all layers. Each dispatch ran in its own pass, between timestamps. */
  readonly sumMs: number;
  /** The whole forward by the host's clock, measured in turns with the layers. */
  readonly forwardMs: number;
  /** forwardMs - sumMs: recording, submitting, waiting. Negative if dispatches overlap. */
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
  /** The cost in accuracy of 16-bit weights, with `bothSettings`. */
  readonly half?: HalfReport;
  /** Each forward was recorded again; no graph was replayed. */
  readonly eager: boolean;
  /** Upload, forward and readback together, as other programs are timed. */
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly firstMs: number;
  readonly compileMs: number;
  readonly peakBytes: number;
  /** Useful operations of a forward. A convolution counts as direct. */
  readonly flop: number;
  /** `flop` over the forward's median. */
  readonly gflops: number;
  /**
   * The adapter's multiply-add peak in GFLOP/s: the mean of a measurement just before the forwards and one just after.
   */
  readonly fmaGflops: number;
  readonly noisy: boolean;
  readonly coldStart: ColdStart;
  readonly forward: ForwardTimes;
  readonly memory: readonly MemoryReport[];
  readonly byLayer?: LayerTable;
  readonly environment: Environment;
}

/** Every dispatch of one forward, with its time. */
export type SplitForward = readonly { readonly dispatched: Dispatched; readonly ms: number }[];

/** Sums the dispatches of each forward by module, and takes the median over the samples. */
export function layerTable(
  samples: readonly SplitForward[],
  modules: readonly ModuleWork[],
  forwardMs: number,
): LayerTable {
  const flops = new Map(modules.map(({ path, flop }) => [path, flop]));
  const byPath = new Map<string, { kernels: Set<string>; sums: number[] }>();
  samples.forEach((sample, i) => {
    for (const { dispatched, ms } of sample) {
      const layer = byPath.get(dispatched.label) ?? { kernels: new Set(), sums: samples.map(() => 0) };
      layer.kernels.add(dispatched.kernel);
      layer.sums[i]! += ms;
      byPath.set(dispatched.label, layer);
    }
  });
  const layers = [...byPath].map(([path, { kernels, sums }]): LayerTime => {
    const { median: ms, mad } = summarize(sums);
    const flop = flops.get(path);
    return { path, kernels: [...kernels], ms, mad, flop, gflops: flop && flop / ms / 1e6 };
  });
  const sumMs = layers.reduce((sum, { ms }) => sum + ms, 0);
  return { layers, sumMs, forwardMs, remainderMs: forwardMs - sumMs };
}

/** Buffer sizes that the observer counted on a device. */
interface MemoryCounts extends Pick<MemoryReport, 'weightsBytes' | 'loadedBytes' | 'reservedBytes'> {
  /** The peak until the network was loaded. */
  readonly peakLoadBytes: number;
  /** The peak of warm forwards. */
  readonly peakForwardBytes: number;
}

export function memoryReport(
  { weightsBytes, loadedBytes, reservedBytes, peakLoadBytes, peakForwardBytes }: MemoryCounts,
  { compact = false, halfWeights = false }: Partial<Pick<MemoryReport, 'compact' | 'halfWeights'>>,
): MemoryReport {
  const peakBytes = Math.max(peakForwardBytes, peakLoadBytes);
  return {
    compact,
    halfWeights,
    weightsBytes,
    loadedBytes,
    peakBytes,
    activationBytes: peakForwardBytes - loadedBytes,
    ratio: peakBytes / weightsBytes,
    reservedBytes,
  };
}

/** Returns the size of all tensors of a network in f32. */
export function weightsBytesOf({ stateDict }: Pick<Backbone, 'stateDict'>): number {
  return [...stateDict.values()].reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
}

const CLASSES = 1000; // of ImageNet, as every network here has

/** Compares the logits of a batch with 16-bit factors with those in 32 bits. */
export function compareHalves(
  logits: Float32Array,
  exact: Float32Array,
  { subgroupMatrix }: Pick<AdapterReport, 'subgroupMatrix'>,
): HalfReport {
  const batch = exact.length / CLASSES;
  const classOf = (values: Float32Array, n: number) => {
    const own = values.subarray(n * CLASSES, (n + 1) * CLASSES);
    return own.indexOf(own.reduce((a, b) => Math.max(a, b)));
  };
  const images = Array.from({ length: batch }, (_, n) => n);
  return {
    of: subgroupMatrix ? 'products' : 'weights',
    largestError: relativeError(logits, exact),
    sameClass: images.filter(n => classOf(logits, n) === classOf(exact, n)).length / batch,
  };
}
