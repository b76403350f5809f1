import { sha256 } from '#platform';
import { readImageFile } from '../data/loader.ts';
import { BenchError } from '../errors/index.ts';
import { computeFeatures, featureBatchSize, featureStore } from '../inference/features.ts';
import { buildNetwork, type Network, type WeightSettings } from '../inference/network.ts';
import type { DeviceOptions } from '../runtime/device.ts';
import type { Backbone } from '../weights/backbone.ts';
import { syntheticImage } from '../weights/synthetic_network.ts';
import { adapterLabel, environmentOf, type HostFacts, threadsOf } from './environment.ts';
import type { FeatureResult, FeatureRound, HostMemory } from './feature_result.ts';
import { weightsBytesOf } from './model_bench.ts';
import { medianInterval, medianOf } from './statistics.ts';

export interface FeatureBenchOptions extends DeviceOptions, WeightSettings {
  readonly host: HostFacts;
  readonly paths: readonly string[];
  /** Images in one forward; what `raycam features` takes unless said. */
  readonly batch?: number;
  /** Rounds, of 8 batches at least; 100 unless said: the shorter they are, the more alike is what else the machine does meanwhile. */
  readonly samples?: number;
  /** An empty folder for the features; `memory` keeps them there. */
  readonly root: string;
  /** Where an image's bytes come from; the file system unless said. */
  readonly read?: (path: string) => Promise<Uint8Array>;
  /** What this process takes; a page does not know. */
  readonly hostMemory?: () => HostMemory;
  readonly signal?: AbortSignal;
  /** Told what begins. */
  readonly onStage?: (what: string) => void;
}

const ROUNDS = 100;
/** Fewer would not show that one batch is prepared while another runs. */
const LEAST_BATCHES = 8;
const WARM_UP = { least: 3, budgetMs: 3000 };
/** Two chances in a hundred that the ratio lies outside. */
const CONFIDENCE = 0.98;

/**
 * How fast features come, from files to the store, against the network's kernels alone at the same batch. The images go through once, in
 * rounds; beside each round the kernels run as often, in turns: features first, kernels first, …
 *
 * @throws BenchError  images that cannot be read
 */
export async function benchFeatures(backbone: Backbone, options: FeatureBenchOptions): Promise<FeatureResult> {
  const { onStage = () => {}, hostMemory } = options;
  const paths = await onceEach(options);
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
    const rounds: FeatureRound[] = [];
    const groups = inRounds(paths, { batch, rounds: options.samples ?? ROUNDS });
    const kernels = await warmKernels(network, batch);
    const store = await featureStore(network, { root: options.root });
    const features = async (group: readonly string[]): Promise<number> => {
      const startedMs = performance.now();
      const { computed, skipped } = await computeFeatures(network, {
        ...options,
        paths: group,
        batchSize: batch,
        store,
      });
      if (skipped.length > 0) throw new BenchError(`bench features: ${skipped[0]!.path}: ${skipped[0]!.reason}`);
      if (computed !== group.length)
        throw new BenchError(`bench features: ${options.root} holds features already. Take an empty folder`);
      return performance.now() - startedMs;
    };
    for (const [i, group] of groups.entries()) {
      options.signal?.throwIfAborted();
      onStage(`round ${i + 1}/${groups.length}`);
      const forwards = Math.ceil(group.length / batch);
      const first = i % 2 === 0 ? undefined : await kernels(forwards);
      const featuresMs = await features(group);
      const kernelsMs = first ?? (await kernels(forwards));
      rounds.push({ images: group.length, forwards, featuresMs, kernelsMs, rssBytes: hostMemory?.().rssBytes });
    }
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

/** Of images with the same bytes the first alone: the store would not compute the others. @throws InputError */
async function onceEach({
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
  const doubles = paths.length - byDigest.size;
  if (doubles > 0) onStage(`${doubles} of ${paths.length} images have the bytes of another and are left out`);
  return [...byDigest.values()];
}

/** Runs of images of nearly the same length; where there are enough of them, all full of batches but the last. */
function inRounds(
  paths: readonly string[],
  { batch, rounds }: { readonly batch: number; readonly rounds: number },
): (readonly string[])[] {
  const batches = Math.ceil(paths.length / batch);
  const count = Math.max(1, Math.min(rounds, Math.floor(batches / LEAST_BATCHES)));
  const from = (round: number) => Math.floor((round * batches) / count) * batch;
  return Array.from({ length: count }, (_, round) => paths.slice(from(round), from(round + 1)));
}

/** Times forwards of images that lie on the device, handed over one after the other and waited for once: the device never waits. */
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

function summaryOf(rounds: readonly FeatureRound[], batch: number): Pick<FeatureResult, Summaries> {
  const ratios = rounds.map(round => featuresRate(round) / kernelsRate(round, batch));
  const third = Math.ceil(ratios.length / 3);
  return {
    imagesPerSecond: medianOf(rounds.map(featuresRate)),
    kernelsPerSecond: medianOf(rounds.map(round => kernelsRate(round, batch))),
    ratio: medianOf(ratios),
    interval: medianInterval(ratios, CONFIDENCE),
    lastToFirst: medianOf(ratios.slice(-third)) / medianOf(ratios.slice(0, third)),
  };
}

type Summaries = 'imagesPerSecond' | 'kernelsPerSecond' | 'ratio' | 'interval' | 'lastToFirst';

function featuresRate({ images, featuresMs }: FeatureRound): number {
  return (1e3 * images) / featuresMs;
}

function kernelsRate({ forwards, kernelsMs }: FeatureRound, batch: number): number {
  return (1e3 * forwards * batch) / kernelsMs;
}
