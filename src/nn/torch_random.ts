import { mersenne } from 'pure-rand/generator/mersenne';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { UsageError } from '../errors/index.ts';

/**
 * PyTorch's random numbers on the CPU: the same seed gives the same bits. `fit` replays the draws of
 *
 *     torch.manual_seed(seed)
 *     fc = nn.Sequential(nn.Linear(F, K), nn.LogSoftmax(dim=1))
 *     train = DataLoader(TensorDataset(X, y), batch_size, shuffle=True)
 *     val = DataLoader(TensorDataset(valX, valY), batch_size)
 *     for epoch in range(epochs):
 *         for x, targets in train: ...
 *         for x, targets in val: ...
 *
 * All of them come from the default generator: `linear`, then `shuffledOrder` and `sequentialStart` in each epoch.
 *
 * Source: PyTorch 1.13: aten/src/ATen/CPUGeneratorImpl.cpp, core/TransformationHelper.h,
 * native/TensorFactories.cpp; torch/nn/modules/linear.py; torch/utils/data/dataloader.py and sampler.py
 */
export class TorchRandom {
  /** mt19937 */
  private readonly generator: RandomGenerator;

  /**
   * Seeds as `torch.manual_seed`, which keeps the low 32 bits.
   *
   * @throws UsageError  the seed is not an integer, or is beyond ±(2^53 - 1)
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new UsageError(`seed must be an integer within ±(2^53 - 1), got ${seed}`);
    this.generator = mersenne(seed);
  }

  /**
   * `torch.empty(size).uniform_(-bound, bound)` in float32.
   *
   * Rounds once, as PyTorch does on CPUs with fused multiply-add (AVX2 and later). On older CPUs, half of PyTorch's own
   * values differ by that rounding.
   */
  uniform(size: number, bound: number): Float32Array {
    const limit = Math.fround(bound);
    // Both factors have 24 bits, so float64 represents product and sum exactly, and only storing the result rounds.
    return Float32Array.from({ length: size }, () => ((this.bits32() & 0xffffff) / 2 ** 24) * (2 * limit) - limit);
  }

  /** `torch.randperm(n)`, n below 2^32 / 20. */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const j = i + (this.bits32() % (n - i));
      const moved = order[i]!;
      order[i] = order[j]!;
      order[j] = moved;
    }
    return order;
  }

  /** Draws the weight [K, F] and then the bias [K] of `nn.Linear(F, K)`. */
  linear(F: number, K: number): { weight: Float32Array; bias: Float32Array } {
    const bound = 1 / Math.sqrt(F);
    return { weight: this.uniform(K * F, bound), bias: this.uniform(K, bound) };
  }

  /**
   * Returns the order of rows in an epoch of `DataLoader(..., shuffle=True)`. Two draws, the first of which has no
   * effect.
   */
  shuffledOrder(n: number): Uint32Array {
    this.sequentialStart();
    return new TorchRandom(this.seed()).permutation(n);
  }

  /** Makes the draw of an epoch of any DataLoader: a base seed for its workers, even if there are none. */
  sequentialStart(): void {
    this.seed();
  }

  /** `torch.empty((), dtype=torch.int64).random_()` takes the high 32 bits first; only the low ones seed a generator. */
  private seed(): number {
    this.bits32();
    return this.bits32();
  }

  private bits32(): number {
    return this.generator.next() >>> 0;
  }
}
