import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/**
 * Generates seeded random numbers. The same seed and labels produce the same numbers in Node and in every browser.
 *
 * Integers, uniforms and permutations are exact. Normals agree up to the last bit or two of `Math.log`.
 */
export class Random {
  private readonly generator: RandomGenerator;
  private spareNormal: number | undefined;

  private constructor(state: readonly number[]) {
    this.generator = xoroshiro128plusFromState(state);
  }

  /**
   * Returns a separate stream for each seed and labels. `Random.of(seed, 'shuffle', epoch)` does not depend on how many
   * numbers were drawn from another stream.
   */
  static of(seed: number, ...labels: readonly (string | number)[]): Random {
    return new Random(hash128(JSON.stringify([seed, ...labels])));
  }

  /** Returns a number in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformFloat64(this.generator);
  }

  /** Returns an integer in [low, high], both included. */
  integer(low: number, high: number): number {
    return uniformInt(this.generator, low, high);
  }

  /** Returns true with this probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Returns a normal number with mean 0 and standard deviation 1. Source: Marsaglia's polar method. */
  normal(): number {
    const spare = this.spareNormal;
    this.spareNormal = undefined;
    if (spare !== undefined) return spare;
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const square = u * u + v * v;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.spareNormal = v * scale;
      return u * scale;
    }
  }

  /** Returns 0 .. n-1 in random order. All orders are equally likely. */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(0, i);
      const moved = order[i]!;
      order[i] = order[j]!;
      order[j] = moved;
    }
    return order;
  }
}

/** Hashes a string to 128 bits for seeding. Not cryptographic. Source: cyrb128, public domain. */
function hash128(text: string): [number, number, number, number] {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    [a, b, c, d] = [
      b ^ Math.imul(a ^ code, 597399067),
      c ^ Math.imul(b ^ code, 2869860233),
      d ^ Math.imul(c ^ code, 951274213),
      a ^ Math.imul(d ^ code, 2716044179),
    ];
  }
  a = Math.imul(c ^ (a >>> 18), 597399067);
  b = Math.imul(d ^ (b >>> 22), 2869860233);
  c = Math.imul(a ^ (c >>> 17), 951274213);
  d = Math.imul(b ^ (d >>> 19), 2716044179);
  const mixed = a ^ b ^ c ^ d;
  return [mixed | 0, (b ^ mixed) | 0, (c ^ mixed) | 0, (d ^ mixed) | 1];
}
