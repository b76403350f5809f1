import type { WeightSettings } from '../inference/network.ts';
import { resnetWork } from '../nn/resnet_work.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import type { Backbone } from '../weights/backbone.ts';
import { syntheticImage } from '../weights/synthetic_network.ts';
import { pipelinesOf } from './cold_pipelines.ts';
import { adapterLabel, environmentOf, type HostFacts, threadsOf } from './environment.ts';
import {
  compareHalves,
  type ForwardTimes,
  type HalfReport,
  layerTable,
  type MemoryReport,
  type ModelResult,
  memoryReport,
  type SplitForward,
  weightsBytesOf,
} from './model_result.ts';
import { coldStart, type ForwardTime, forwardOnce, logitsOf, type ModelSession } from './model_session.ts';
import { measureFma } from './peaks.ts';
import { isNoisy, summarize } from './statistics.ts';

export interface ModelBenchOptions extends DeviceOptions, WeightSettings {
  readonly host: HostFacts;
  readonly batch?: number;
  /** Height and width of the images in pixels. */
  readonly side?: number;
  /** Forwards that are counted. Default: as many as fit ten seconds, from 5 to 30. */
  readonly samples?: number;
  /** Records each forward again, as training and taps do. By default the graph that inference captures is replayed. */
  readonly eager?: boolean;
  /** Also measures the time of each module. */
  readonly byLayer?: boolean;
  /**
   * Loads the network once more: for its memory with the other setting of `compact`, or, with `halfWeights`, for its
   * memory and logits in 32 bits.
   */
  readonly bothSettings?: boolean;
  readonly signal?: AbortSignal;
  /** Called with the name of each stage as it starts. */
  readonly onStage?: (what: string) => void;
}

/** Forwards before the first that is counted: WebAssembly engines compile in tiers while code runs. */
const WARM_UP = { least: 2, most: 8, budgetMs: 4000 };
const SAMPLES = { least: 5, most: 30, budgetMs: 10_000 };
/**
 * Forwards whose commands are encoded ahead. Only their host time is counted, from the third on: its commands are the
 * first ready.
 */
const AHEAD = { leadIn: 2, counted: 9 };

/**
 * Times a network from nothing to a warm forward, and reports its memory. Call it once per process, before anything is
 * compiled: engines cache what they compiled.
 *
 * @throws DeviceError  the adapter failed, or a logit is not finite: a wrong network is not timed
 */
export async function benchModel(backbone: Backbone, options: ModelBenchOptions): Promise<ModelResult> {
  const { batch = 1, side = 224, compact = false, onStage = () => {} } = options;
  const shape = [batch, 3, side, side] as const;
  onStage('pipelines that the network needs');
  const wanted = await pipelinesOf(backbone, shape, options);
  const image = syntheticImage(shape);
  onStage('cold start');
  const start = await coldStart(backbone, { ...options, wanted, image, shape });
  const { session } = start;
  const { device, observer } = session;
  try {
    const { nextForwardsMs, fmaGflops, forward, split, memory } = await measureWarm(session, backbone, options);
    const modules = resnetWork(backbone.architecture, { batch, side, strideOn: backbone.strideOn });
    const flop = modules.reduce((sum, module) => sum + module.flop, 0);
    const environment = environmentOf(device, observer.gpu, options.host);
    const other = options.bothSettings ? await measureOther(session, backbone, options) : undefined;
    return {
      kind: 'model',
      model: backbone.architecture,
      backbone: backbone.id,
      adapter: adapterLabel(device.adapter),
      threads: threadsOf(observer.gpu),
      batch,
      side,
      compact,
      half: other?.half,
      eager: options.eager ?? false,
      medianMs: forward.total.median,
      p95Ms: forward.total.p95,
      firstMs: start.times.firstForwardMs,
      compileMs: start.times.compile.ms,
      peakBytes: memory.peakBytes,
      flop,
      gflops: flop / forward.forward.median / 1e6,
      fmaGflops,
      noisy: isNoisy(forward.forward),
      coldStart: { ...start.times, nextForwardsMs },
      forward,
      memory: other ? [memory, other.memory] : [memory],
      byLayer: split && layerTable(split, modules, forward.forward.median),
      environment,
    };
  } finally {
    device.dispose();
  }
}

/** Loads a network and returns a function that times one forward. */
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

/** Warms a network up, then times its forwards between two measurements of the multiply-add peak. */
async function measureWarm(session: ModelSession, backbone: Backbone, options: ModelBenchOptions) {
  const { device, observer } = session;
  const { onStage = () => {} } = options;
  onStage('warm-up');
  const nextForwardsMs = await warmUp(session, options);
  const count = options.samples ?? samplesFor(nextForwardsMs.at(-1)!);
  onStage('multiply-add peak, before and after the forwards');
  const before = await measureFma(device, observer);
  observer.resetPeak();
  onStage(`${count} forwards`);
  const { forward, split } = await measureForwards(session, { ...options, count });
  const memory = memoryOf(session, backbone, options);
  const fmaGflops = (before + (await measureFma(device, observer))) / 2;
  return { nextForwardsMs, fmaGflops, forward, split, memory };
}

/** Disposes the device, loads the network with the other setting, and compares. */
async function measureOther(
  { device, image, shape, ...session }: ModelSession,
  backbone: Backbone,
  options: ModelBenchOptions,
): Promise<{ memory: MemoryReport; half?: HalfReport }> {
  const { compact = false, halfWeights = false, onStage = () => {} } = options;
  const logits = halfWeights ? await logitsOf({ device, image, shape, ...session }) : undefined;
  device.dispose();
  const other = halfWeights ? { halfWeights: false, subgroupMatrix: false } : { compact: !compact };
  onStage(halfWeights ? 'the same with 32-bit weights' : `memory ${compact ? 'without' : 'with'} --compact`);
  const changed = { ...options, ...other, image, shape };
  const { session: second } = await coldStart(backbone, changed);
  try {
    const exact = await logitsOf(second);
    const memory = memoryOf(second, backbone, changed);
    return { memory, half: logits && compareHalves(logits, exact, device.adapter) };
  } finally {
    second.device.dispose();
  }
}

function memoryOf(
  { observer, loadedBytes, peakLoadBytes }: ModelSession,
  backbone: Backbone,
  options: WeightSettings,
): MemoryReport {
  const { heapUse } = observer.gpu as { heapUse?: { readonly reservedBytes: number } };
  const counts = {
    weightsBytes: weightsBytesOf(backbone),
    loadedBytes,
    peakLoadBytes,
    peakForwardBytes: observer.deviceBytes.peakBytes,
    reservedBytes: heapUse?.reservedBytes,
  };
  return memoryReport(counts, options);
}

/** Runs forwards until their time settles. */
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

/** Times whole forwards; with `byLayer`, in turns with forwards that are split into one pass per dispatch. */
async function measureForwards(
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
  const summaryOf = (pick: (time: ForwardTime) => number) => summarize(times.map(pick));
  return {
    forward: {
      total: summaryOf(time => time.totalMs),
      upload: summaryOf(time => time.uploadMs),
      forward: summaryOf(time => time.forwardMs),
      host: summaryOf(time => time.hostMs),
      hostAhead: hostAhead && summarize(hostAhead),
      gpu: gpuMs.length > 0 ? summarize(gpuMs) : undefined,
      readback: summaryOf(time => time.readbackMs),
    },
    split: split.length > 0 ? split : undefined,
  };
}

/** Returns the host's time of forwards whose commands are encoded while the previous forward runs. */
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
