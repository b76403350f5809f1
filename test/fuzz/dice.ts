/** Reproducible random numbers: the same seed gives the same sequence. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Dice {
  readonly #generator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** Returns an integer from 0 to count - 1. */
  below(count: number): number {
    return (this.#generator.next() >>> 0) % Math.max(count, 1);
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/**
 * Numbers at which parsers tend to fail: limits of the integer types, and of the integers that a float represents
 * exactly.
 */
export const NUMBERS: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  4n,
  7n,
  8n,
  16n,
  127n,
  128n,
  255n,
  256n,
  511n,
  512n,
  1023n,
  4096n,
  32767n,
  32768n,
  65535n,
  65536n,
  2n ** 24n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  -1n,
  -2n,
  -128n,
  -32768n,
  -(2n ** 31n),
  -(2n ** 63n),
];
