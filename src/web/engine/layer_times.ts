/** How long each module of the open network takes, by the adapter's own clock. */
import type { DecodedImage } from '#platform';
import { medianOf } from '../../bench/statistics.ts';
import type { Engine } from './engine.ts';
import { recordForward } from './forward.ts';

export interface LayerTimes {
  /** Milliseconds by the path of the convolution, pool or classifier; what follows in its epilogue is in them. */
  readonly ms: Readonly<Record<string, number>>;
  /** Forward passes that the medians are of. */
  readonly samples: number;
}

/** Forwards, after one that is not counted; fewer where they take long. */
const SAMPLES = 3;
const BUDGET_MS = 1500;

/** Null where the adapter has no timestamps. */
export async function measureLayerTimes(
  engine: Engine,
  image: DecodedImage,
  signal: AbortSignal,
): Promise<LayerTimes | null> {
  const { network, observer } = engine;
  if (!observer.hasTimestamps) return null;
  const forward = async () => {
    const { features, logits } = recordForward(network, image);
    await logits.read();
    for (const tensor of [features, logits]) tensor.dispose();
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
