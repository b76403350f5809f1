/** Times each module of the open network with the adapter's clock. */
import type { DecodedImage } from '#platform';
import { medianOf } from '../../bench/statistics.ts';
import type { Engine } from './engine.ts';
import { recordForward } from './forward.ts';

export interface LayerTimes {
  /** Milliseconds by the path of the convolution, pool or classifier, including its epilogue. */
  readonly ms: Readonly<Record<string, number>>;
  /** Number of forward passes behind each median. */
  readonly samples: number;
}

/** Forward passes to time after one warm-up; fewer if `BUDGET_MS` runs out. */
const SAMPLES = 3;
const BUDGET_MS = 1500;

/** Returns null if the adapter has no timestamps. */
export async function measureLayerTimes(
  engine: Engine,
  image: DecodedImage,
  signal: AbortSignal,
): Promise<LayerTimes | null> {
  const { network, observer } = engine;
  if (!observer.hasTimestamps) return null;
  const forward = async () => {
    const { features, logits } = recordForward(network, image);
    await logits?.read();
    for (const tensor of [features, logits]) tensor?.dispose();
  };
  const samples: Map<string, number>[] = [];
  const startedMs = performance.now();
  observer.mode = 'split';
  try {
    await forward();
    await observer.readTimes();
    while (samples.length === 0 || (samples.length < SAMPLES && performance.now() - startedMs < BUDGET_MS)) {
      signal.throwIfAborted();
      await forward();
      const sums = new Map<string, number>();
      for (const { dispatched, ms } of await observer.readTimes())
        sums.set(dispatched.label, (sums.get(dispatched.label) ?? 0) + ms);
      samples.push(sums);
    }
  } finally {
    observer.mode = 'plain';
  }
  const ms = Object.fromEntries(
    [...samples[0]!.keys()].map(path => [path, medianOf(samples.map(sample => sample.get(path) ?? 0))]),
  );
  return { ms, samples: samples.length };
}
