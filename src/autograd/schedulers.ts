import { UsageError } from '../errors/index.ts';
import type { Optimizer } from './optimizers.ts';

interface StepLROptions {
  /** In epochs. */
  readonly stepSize: number;
  readonly gamma?: number;
}

/**
 * Multiplies the learning rate by `gamma` every `stepSize` epochs. Call `step` when an epoch's training ends.
 *
 * Source: torch.optim.lr_scheduler.StepLR
 */
export class StepLR {
  private readonly stepSize: number;
  private readonly gamma: number;
  private epoch = 0;

  /** @throws UsageError  stepSize is not an integer of at least 1 */
  constructor(
    private readonly optimizer: Pick<Optimizer, 'lr'>,
    { stepSize, gamma = 0.1 }: StepLROptions,
  ) {
    if (!Number.isInteger(stepSize) || stepSize < 1)
      throw new UsageError(`step lr: stepSize must be an integer of at least 1, got ${stepSize}`);
    this.stepSize = stepSize;
    this.gamma = gamma;
  }

  step(): void {
    this.epoch++;
    if (this.epoch % this.stepSize === 0) this.optimizer.lr *= this.gamma;
  }
}
