import { sha256 } from '#platform';
import { readImageFile } from '../data/loader.ts';
import { BenchError } from '../errors/index.ts';
import { computeFeatures, featureBatchSize, featureStore } from '../inference/features.ts';
import { buildNetwork, type Network, type WeightSettings } from '../inference/network.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import type { Backbone } from '../weights/backbone.ts';
import { syntheticImage } from '../weights/synthetic_network.ts';
import { adapterLabel, type Environment, environmentOf, type HostFacts, threadsOf } from './environment.ts';
import { weightsBytesOf } from './model_result.ts';
import { type Interval, medianInterval, medianOf } from './statistics.ts';

/** One share of the images, and the kernels alone beside it. */
export interface FeatureRound {
  readonly images: number;
  /** Forwards of the kernels alone, each of a full batch. */
  readonly forwards: number;
  /** From files to features in the store, in milliseconds. */
  readonly featuresMs: number;
  /** Forwards of images that are already on the device, in milliseconds. */
  readonly kernelsMs: number;
  /** Memory of the process after the round. */
  readonly rssBytes?: number;
}

/** Memory of a process: Node, libraries, and what the device keeps in host memory. */
interface HostMemory {
  readonly rssBytes: number;
  /** The peak since the process started. */
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
  /** Median over the rounds. */
  readonly imagesPerSecond: number;
  /** Median over the rounds. */
  readonly kernelsPerSecond: number;
  /** Median of the rounds' own ratios: images per second over images per second of the kernels alone. */
  readonly ratio: number;
  readonly interval: Interval;
  /** The ratio of the last third of the rounds over that of the first third: 1 if the cost per image does not grow. */
  readonly lastToFirst: number;
  readonly memory: {
    /** All tensors of the network in f32. */
    readonly weightsBytes: number;
    /** Peak of the whole process since it started, loading included. */
    readonly peakBytes?: number;
  };
  readonly rounds: readonly FeatureRound[];
  readonly environment: Environment;
}

export interface FeatureBenchOptions extends DeviceOptions, WeightSettings {
  readonly host: HostFacts;
  readonly paths: readonly string[];
  /** Images in one forward. Default: the batch of `raycam features`. */
  readonly batch?: number;
  /**
   * The number of rounds, 100 by default, of at least 8 batches each. In short rounds, other load affects both halves
   * alike.
   */
  readonly samples?: number;
  /** An empty folder for the features, or `memory`. */
  readonly root: string;
  /** Reads an image's bytes. Default: from the file system. */
  readonly read?: (path: string) => Promise<Uint8Array>;
  /** Reports the memory of this process. A page cannot know it. */
  readonly hostMemory?: () => HostMemory;
  readonly signal?: AbortSignal;
  /** Called with the name of each stage as it starts. */
  readonly onStage?: (what: string) => void;
}

const ROUNDS = 100;
/** Shorter rounds would not show that one batch is prepared while another runs. */
const LEAST_BATCHES = 8;
const WARM_UP = { least: 3, budgetMs: 3000 };
/** Two in a hundred intervals miss the ratio. */
const CONFIDENCE = 0.98;

/**
 * Measures the rate from image files to stored features against the rate of the network's kernels alone at the same
 * batch. All images pass once, in rounds. Beside each round the kernels run as many forwards; which of the two comes
 * first alternates.
 *
 * @throws BenchError  an image cannot be read, or the folder already contains features
 */
export async function benchFeatures(backbone: Backbone, options: FeatureBenchOptions): Promise<FeatureResult> {
  const { onStage = () => {}, hostMemory } = options;
  const paths = await distinctImages(options);
  onStage('weights');
  let gpu: GPUDevice | undefined;
  const observe = (device: GPUDevice) => {
    gpu = device;
    return device;
  };
  const network = await buildNetwork(backbone, { ...options, observe, recovers: false });
  try {
    const { device } = network;
    const batch = options.batch ?? featureBatchSize(device);
    const rounds = await runRounds(network, batch, { ...options, paths });
    const { architecture, id } = backbone;
    return {
      kind: 'features',
      model: architecture,
      backbone: id,
      adapter: adapterLabel(device.adapter),
      threads: threadsOf(gpu!),
      batch,
      images: paths.length,
      ...summaryOf(rounds, batch),
      memory: { weightsBytes: weightsBytesOf(backbone), peakBytes: hostMemory?.().peakBytes },
      rounds,
      environment: environmentOf(device, gpu!, options.host),
    };
  } finally {
    await network.dispose();
  }
}

async function runRounds(network: Network, batch: number, options: FeatureBenchOptions): Promise<FeatureRound[]> {
  const { paths, samples = ROUNDS, signal, onStage = () => {}, hostMemory } = options;
  const groups = inRounds(paths, { batch, rounds: samples });
  const kernels = await warmKernels(network, batch);
  const features = await featureTimer(network, batch, options);
  const rounds: FeatureRound[] = [];
  for (const [i, group] of groups.entries()) {
    signal?.throwIfAborted();
    onStage(`round ${i + 1}/${groups.length}`);
    const forwards = Math.ceil(group.length / batch);
    const first = i % 2 === 0 ? undefined : await kernels(forwards);
    const featuresMs = await features(group);
    const kernelsMs = first ?? (await kernels(forwards));
    rounds.push({ images: group.length, forwards, featuresMs, kernelsMs, rssBytes: hostMemory?.().rssBytes });
  }
  return rounds;
}

/** Returns a function that computes and stores the features of images, and returns its time in milliseconds. */
async function featureTimer(
  network: Network,
  batchSize: number,
  options: FeatureBenchOptions,
): Promise<(paths: readonly string[]) => Promise<number>> {
  const store = await featureStore(network, { root: options.root });
  return async paths => {
    const startedMs = performance.now();
    const { computed, skipped } = await computeFeatures(network, { ...options, paths, batchSize, store });
    if (skipped.length > 0) throw new BenchError(`bench features: ${skipped[0]!.path}: ${skipped[0]!.reason}`);
    if (computed !== paths.length)
      throw new BenchError(`bench features: ${options.root} already contains features. Choose an empty folder`);
    return performance.now() - startedMs;
  };
}

/** Keeps the first of all images with the same bytes: the store would not compute the others. @throws InputError */
async function distinctImages({
  paths,
  read = readImageFile,
  signal,
  onStage = () => {},
}: FeatureBenchOptions): Promise<string[]> {
  onStage('images');
  const byDigest = new Map<string, string>();
  for (const path of paths) {
    signal?.throwIfAborted();
    const digest = await sha256(await read(path));
    if (!byDigest.has(digest)) byDigest.set(digest, path);
  }
  const duplicates = paths.length - byDigest.size;
  if (duplicates > 0) onStage(`skipping ${duplicates} of ${paths.length} images, which have the bytes of another`);
  return [...byDigest.values()];
}

/** Splits the images into rounds of nearly equal length. With enough images, all batches but the last are full. */
function inRounds(
  paths: readonly string[],
  { batch, rounds }: { readonly batch: number; readonly rounds: number },
): (readonly string[])[] {
  const batches = Math.ceil(paths.length / batch);
  const count = Math.max(1, Math.min(rounds, Math.floor(batches / LEAST_BATCHES)));
  const from = (round: number) => Math.floor((round * batches) / count) * batch;
  return Array.from({ length: count }, (_, round) => paths.slice(from(round), from(round + 1)));
}

/**
 * Returns a function that times forwards of a batch that is already on the device. It submits all forwards before it
 * waits, so that the device never waits for the host.
 */
async function warmKernels({ device, model }: Network, batch: number): Promise<(forwards: number) => Promise<number>> {
  const shape = [batch, 3, 224, 224] as const;
  const x = device.tensor(syntheticImage(shape), shape, 'x');
  const run = async (forwards: number) => {
    const startedMs = performance.now();
    const submitted = Array.from({ length: forwards - 1 }, () => {
      model.infer(x);
      return device.submit();
    });
    await Promise.all([...submitted, model.infer(x).features.read()]);
    return performance.now() - startedMs;
  };
  const startedMs = performance.now();
  for (let i = 0; i < WARM_UP.least || performance.now() - startedMs < WARM_UP.budgetMs; i++) await run(1);
  return run;
}

type Summaries = 'imagesPerSecond' | 'kernelsPerSecond' | 'ratio' | 'interval' | 'lastToFirst';

/** Computes the rates and ratios of all rounds, whose batches have `batch` images. */
export function summaryOf(rounds: readonly FeatureRound[], batch: number): Pick<FeatureResult, Summaries> {
  const featureRates = rounds.map(({ images, featuresMs }) => (1e3 * images) / featuresMs);
  const kernelRates = rounds.map(({ forwards, kernelsMs }) => (1e3 * forwards * batch) / kernelsMs);
  const ratios = featureRates.map((rate, i) => rate / kernelRates[i]!);
  const third = Math.ceil(ratios.length / 3);
  return {
    imagesPerSecond: medianOf(featureRates),
    kernelsPerSecond: medianOf(kernelRates),
    ratio: medianOf(ratios),
    interval: medianInterval(ratios, CONFIDENCE),
    lastToFirst: medianOf(ratios.slice(-third)) / medianOf(ratios.slice(0, third)),
  };
}
