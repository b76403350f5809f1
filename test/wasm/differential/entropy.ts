/**
 * Random choices read from a list of numbers. Past its end every choice is the first one. So a shorter list of smaller
 * numbers makes a simpler program, which is what fast-check's shrinking searches for.
 */
export class Entropy {
  private at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  get isSpent(): boolean {
    return this.at >= this.numbers.length;
  }

  /** Returns a whole number from 0 to `count` - 1. */
  below(count: number): number {
    return (this.numbers[this.at++] ?? 0) % count;
  }

  /** Returns true with this probability, in percent. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** Calls one of the makers, with probabilities in proportion to their weights. */
  choose<Result>(makers: readonly (readonly [weight: number, make: () => Result])[]): Result {
    const total = makers.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.below(total);
    for (const [weight, make] of makers) {
      if (left < weight) return make();
      left -= weight;
    }
    throw new Error('choose: at least one weight must be above 0');
  }
}
