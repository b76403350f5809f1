/**
 * Random choices read off a list of numbers. Behind its end every choice is the first one, so that a shorter list of smaller
 * numbers makes a simpler program: this is what fast-check's shrinking looks for.
 */
export class Entropy {
  private at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  get isSpent(): boolean {
    return this.at >= this.numbers.length;
  }

  /** A whole number from 0, below `count`. */
  below(count: number): number {
    return (this.numbers[this.at++] ?? 0) % count;
  }

  /** True this many times in a hundred. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** Calls one of the makers, each as often as its weight says. */
  choose<Result>(makers: readonly (readonly [weight: number, make: () => Result])[]): Result {
    const total = makers.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.below(total);
    for (const [weight, make] of makers) {
      if (left < weight) return make();
      left -= weight;
    }
    throw new Error('weights are above 0');
  }
}
