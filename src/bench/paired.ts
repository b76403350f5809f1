import { type Interval, medianInterval, medianOf } from './statistics.ts';

/** How long something took once, in any unit. */
export type Sampler = () => Promise<number>;

/**
 * `slower`, `faster`: by more than the limit; `same`: by less in either direction, or at least not slower by as much;
 * `unclear`: the machine was too noisy to tell.
 */
export type Verdict = 'slower' | 'faster' | 'same' | 'unclear';

export interface PairedResult {
  /** Median of after / before over the pairs. */
  readonly ratio: number;
  /** Holds the ratio with at least CONFIDENCE, whatever the noise is like. */
  readonly interval: Interval;
  readonly pairs: number;
  readonly verdict: Verdict;
}

export interface PairedOptions {
  /** 0.05: slower by more than 5 % is found. */
  readonly limit: number;
  readonly mostPairs?: number;
  readonly signal?: AbortSignal;
}

/** At each look. There are seven looks at most, so that a wrong verdict has less than 1 chance in 140. */
const CONFIDENCE = 0.999;
const FIRST_LOOK = 14;
const MOST_PAIRS = 896;

/**
 * Compares two things by running them in turns: A B, B A, A B, … A pair's two halves run within milliseconds of each other, so that
 * what else the machine does meets both alike; and the median of the pairs' ratios is not moved by the pairs that it met unequally.
 * Goes on until an interval for that median lies on one side of the limit.
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

/** What pairs say so far. */
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
