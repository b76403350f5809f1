import { type Interval, medianInterval, medianOf } from './statistics.ts';

/** Runs something once and returns its time, in any unit. */
export type Sampler = () => Promise<number>;

/**
 * `slower`, `faster`: by more than the limit. `same`: not slower by more than the limit. `unclear`: the machine is too
 * noisy to tell.
 */
export type Verdict = 'slower' | 'faster' | 'same' | 'unclear';

export interface PairedResult {
  /** Median of after / before over the pairs. */
  readonly ratio: number;
  /** Contains the true ratio with a confidence of at least CONFIDENCE, for any distribution of the noise. */
  readonly interval: Interval;
  readonly pairs: number;
  readonly verdict: Verdict;
}

export interface PairedOptions {
  /** The smallest change to find: 0.05 for 5 %. */
  readonly limit: number;
  readonly mostPairs?: number;
  readonly signal?: AbortSignal;
}

/** Confidence of each look. With at most seven looks, fewer than 1 in 140 verdicts are wrong. */
const CONFIDENCE = 0.999;
const FIRST_LOOK = 14;
const MOST_PAIRS = 896;

/**
 * Compares two things by running them in turns: A B, B A, A B, … The two halves of a pair run within milliseconds of
 * each other, so that other load affects both alike. Pairs that it affects unequally do not move the median of the
 * ratios. Stops when the confidence interval of that median is on one side of the limit.
 */
export async function comparePaired(before: Sampler, after: Sampler, options: PairedOptions): Promise<PairedResult> {
  const { limit, mostPairs = MOST_PAIRS, signal } = options;
  const ratios: number[] = [];
  for (let look = FIRST_LOOK; ; look = Math.min(mostPairs, look * 2)) {
    while (ratios.length < look) {
      signal?.throwIfAborted();
      ratios.push(await pair(before, after, ratios.length % 2 === 0));
    }
    const result = judge(ratios, limit);
    if (result.verdict !== 'unclear' || look >= mostPairs) return result;
  }
}

/** Judges the ratios so far. */
export function judge(ratios: readonly number[], limit: number): PairedResult {
  const interval = medianInterval(ratios, CONFIDENCE);
  return { ratio: medianOf(ratios), interval, pairs: ratios.length, verdict: verdictOf(interval, limit) };
}

function verdictOf({ low, high }: Interval, limit: number): Verdict {
  if (low > 1 + limit) return 'slower';
  if (high < 1 / (1 + limit)) return 'faster';
  return high < 1 + limit ? 'same' : 'unclear';
}

async function pair(before: Sampler, after: Sampler, beforeFirst: boolean): Promise<number> {
  if (beforeFirst) {
    const first = await before();
    return (await after()) / first;
  }
  const first = await after();
  return first / (await before());
}
