import { relativeError } from '../doctor/self_test.ts';
import type { WeightSettings } from '../inference/network.ts';
import { resnetWork } from '../nn/resnet_work.ts';
import type { AdapterReport } from '../runtime/adapter.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import { elementCount } from '../runtime/shape.ts';
import type { Backbone } from '../weights/backbone.ts';
import { syntheticImage } from '../weights/synthetic_network.ts';
import { pipelinesOf } from './cold_pipelines.ts';
import { adapterLabel, environmentOf, type HostFacts, threadsOf } from './environment.ts';
import { layerTable, type SplitForward } from './layer_table.ts';
import type { ForwardTimes, HalfReport, MemoryReport, ModelResult } from './model_result.ts';
import {
  coldStart,
  type ForwardTime,
  forwardOnce,
  logitsOf,
  type ModelSession,
  type StartOptions,
} from './model_session.ts';
import { measureFma } from './peaks.ts';
import { isNoisy, summarize } from './statistics.ts';

export interface ModelBenchOptions extends DeviceOptions, WeightSettings {
  readonly host: HostFacts;
  readonly batch?: number;
  /** Height and width of the images in pixels. */
  readonly side?: number;
  /** Forwards that are counted; by default as many as fit ten seconds, from 5 to 30. */
  readonly samples?: number;
  /** Each forward recorded anew, as training and taps do, in place of the plan that inference keeps. */
  readonly eager?: boolean;
  /** Also the time of each module. */
  readonly byLayer?: boolean;
  /** Loads the network once more for the memory of the other setting of `compact`; with `halfWeights`, for what they cost in exactness. */
  readonly bothSettings?: boolean;
  readonly signal?: AbortSignal;
  /** Told what begins. */
  readonly onStage?: (what: string) => void;
}

/** Forwards before the first that is counted: WebAssembly engines compile in tiers while they run. */
const WARM_UP = { least: 2, most: 8, budgetMs: 4000 };
const CLASSES = 1000; // of ImageNet, that every network here tells apart
const SAMPLES = { least: 5, most: 30, budgetMs: 10_000 };
/** Forwards whose commands are encoded ahead, of which alone the host's part is counted; the third is the first of them. */
const AHEAD = { leadIn: 2, counted: 9 };

/**
 * Times a network from nothing to a warm forward, and says what memory it takes. To be called once in a process that has compiled
 * nothing yet: engines keep what they compiled.
 *
 * @throws DeviceError  the adapter failed, or a logit is no number: a wrong network is not timed
 */
export async function benchModel(backbone: Backbone, options: ModelBenchOptions): Promise<ModelResult> {
  const { batch = 1, side = 224, compact = false, halfWeights = false, onStage = () => {} } = options;
  const shape = [batch, 3, side, side] as const;
  onStage('pipelines that the network needs');
  const wanted = await pipelinesOf(backbone, shape, options);
  const image = syntheticImage(shape);
  onStage('cold start');
  const start = await coldStart(backbone, { ...options, wanted, image, shape });
  const { session } = start;
  const { device, observer } = session;
  try {
    onStage('warm-up');
    const nextForwardsMs = await warmUp(session, options);
    const count = options.samples ?? samplesFor(nextForwardsMs.at(-1)!);
    onStage('multiply-adds, before and after the forwards');
    const fmaBefore = await measureFma(device, observer);
    observer.resetPeak();
    onStage(`${count} forwards`);
    const { forward, split } = await measure(session, { ...options, count });
    const memory = [memoryReport(session, backbone, options)];
    const logits = halfWeights && options.bothSettings ? await logitsOf(session) : undefined;
    const fmaGflops = (fmaBefore + (await measureFma(device, observer))) / 2;
    const modules = resnetWork(backbone.architecture, { batch, side, strideOn: backbone.strideOn });
    const flop = modules.reduce((sum, module) => sum + module.flop, 0);
    const environment = environmentOf(device, observer.gpu, options.host);
    device.dispose();
    let half: HalfReport | undefined;
    if (options.bothSettings) {
      const other = halfWeights ? { halfWeights: false, subgroupMatrix: false } : { compact: !compact };
      onStage(halfWeights ? 'the same with 32-bit weights' : `memory ${compact ? 'without' : 'with'} --compact`);
      const second = await runOnce(backbone, { ...options, ...other, shape, image });
      memory.push(second.memory);
      if (logits) half = compareHalves(logits, second.logits, environment.adapter);
    }
    return {
      kind: 'model',
      model: backbone.architecture,
      backbone: backbone.id,
      adapter: adapterLabel(device.adapter),
      threads: threadsOf(observer.gpu),
      batch,
      side,
      compact,
      half,
      eager: options.eager ?? false,
      medianMs: forward.total.median,
      p95Ms: forward.total.p95,
      firstMs: start.times.firstForwardMs,
      compileMs: start.times.compile.ms,
      peakBytes: memory[0]!.peakBytes,
      flop,
      gflops: flop / forward.forward.median / 1e6,
      fmaGflops,
      noisy: isNoisy(forward.forward),
      coldStart: { ...start.times, nextForwardsMs },
      forward,
      memory,
      byLayer: split && layerTable(split, modules, forward),
      environment,
    };
  } finally {
    device.dispose();
  }
}

/** A loaded network, and its forward whenever it is asked for. */
export async function loadForTurns(backbone: Backbone, options: ModelBenchOptions) {
  const { batch = 1, side = 224 } = options;
  const shape = [batch, 3, side, side] as const;
  const { session } = await coldStart(backbone, { ...options, shape, image: syntheticImage(shape) });
  const { device, observer } = session;
  return {
    environment: environmentOf(device, observer.gpu, options.host),
    forwardMs: async () => (await forwardOnce(session)).totalMs,
    dispose: () => device.dispose(),
  };
}

/** Until the time falls no more. */
async function warmUp(session: ModelSession, { signal }: ModelBenchOptions): Promise<number[]> {
  const times: number[] = [];
  const startedMs = performance.now();
  const isWarm = () =>
    times.length >= WARM_UP.most || (times.length >= WARM_UP.least && performance.now() - startedMs > WARM_UP.budgetMs);
  while (!isWarm()) {
    signal?.throwIfAborted();
    times.push((await forwardOnce(session)).totalMs);
  }
  return times;
}

function samplesFor(forwardMs: number): number {
  return Math.max(SAMPLES.least, Math.min(SAMPLES.most, Math.floor(SAMPLES.budgetMs / forwardMs)));
}

/** Whole forwards, and split ones in turns with them where the layers are asked for. */
async function measure(
  session: ModelSession,
  options: ModelBenchOptions & { readonly count: number },
): Promise<{ forward: ForwardTimes; split?: SplitForward[] }> {
  const { observer } = session;
  const { count, byLayer, signal } = options;
  const times: ForwardTime[] = [];
  const gpuMs: number[] = [];
  const split: SplitForward[] = [];
  for (let i = 0; i < count; i++) {
    signal?.throwIfAborted();
    observer.mode = observer.hasTimestamps ? 'timed' : 'plain';
    times.push(await forwardOnce(session));
    const passes = await observer.readDurations();
    if (passes.length > 0) gpuMs.push(passes.reduce((sum, ms) => sum + ms, 0));
    if (byLayer && observer.hasTimestamps) {
      observer.mode = 'split';
      await forwardOnce(session);
      split.push(await observer.readTimes());
    }
  }
  observer.mode = 'plain';
  const hostAhead = session.eager ? undefined : await hostTimesAhead(session, options);
  const of = (pick: (time: ForwardTime) => number) => summarize(times.map(pick));
  return {
    forward: {
      total: of(time => time.totalMs),
      upload: of(time => time.uploadMs),
      forward: of(time => time.forwardMs),
      host: of(time => time.hostMs),
      hostAhead: hostAhead && summarize(hostAhead),
      gpu: gpuMs.length > 0 ? summarize(gpuMs) : undefined,
      readback: of(time => time.readbackMs),
    },
    split: split.length > 0 ? split : undefined,
  };
}

async function hostTimesAhead(session: ModelSession, { signal, onStage }: ModelBenchOptions): Promise<number[]> {
  const times: number[] = [];
  const count = AHEAD.leadIn + AHEAD.counted;
  onStage?.(`${count} forwards with commands encoded ahead`);
  session.device.encodesAhead = true;
  for (let i = 0; i < count; i++) {
    signal?.throwIfAborted();
    times.push((await forwardOnce(session)).hostMs);
  }
  return times.slice(AHEAD.leadIn);
}

function memoryReport(
  session: ModelSession,
  backbone: Backbone,
  { compact = false, halfWeights = false }: Pick<WeightSettings, 'compact' | 'halfWeights'>,
): MemoryReport {
  const { observer, loadedBytes, peakLoadBytes } = session;
  const weightsBytes = weightsBytesOf(backbone);
  const { peakBytes } = observer.deviceBytes;
  const { heapUse } = observer.gpu as { heapUse?: { readonly reservedBytes: number } };
  const most = Math.max(peakBytes, peakLoadBytes);
  return {
    compact,
    halfWeights,
    weightsBytes,
    loadedBytes,
    peakBytes: most,
    activationBytes: peakBytes - loadedBytes,
    ratio: most / weightsBytes,
    reservedBytes: heapUse?.reservedBytes,
  };
}

/** All tensors of a network in f32. */
export function weightsBytesOf({ stateDict }: Backbone): number {
  return [...stateDict.values()].reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
}

/** A network loaded, run once, and let go. */
async function runOnce(
  backbone: Backbone,
  options: StartOptions,
): Promise<{ memory: MemoryReport; logits: Float32Array }> {
  const { session } = await coldStart(backbone, options);
  try {
    const logits = await logitsOf(session);
    return { memory: memoryReport(session, backbone, options), logits };
  } finally {
    session.device.dispose();
  }
}

function compareHalves(
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
