import { DeviceError } from '../errors/index.ts';
import { batchMetrics } from '../kernels/batch_metrics.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { DeviceFeatures, type FeatureSet } from './feature_set.ts';

/** Batches between two submits. Long phases can be aborted between submits, and no driver mistakes one for a hang. */
const BATCHES_PER_SUBMIT = 64;

export interface PhaseResult {
  /** Mean over all images. */
  readonly loss: number;
  readonly accuracy: number;
}

export interface EpochRecord {
  /** Index of the epoch. The first is 0. */
  readonly epoch: number;
  /** Learning rate of the epoch. */
  readonly lr: number;
  readonly train: PhaseResult;
  readonly val: PhaseResult;
  readonly elapsedMs: number;
}

/** Results of a batch, still on the device. */
export interface BatchOutputs {
  readonly logProbabilities: Tensor;
  readonly loss: Tensor;
}

/**
 * One pass over a set. The losses and counts of its batches stay on the device until `result` reads all of them at
 * once.
 */
export class Phase {
  readonly features: DeviceFeatures;
  private readonly batchSize: number;
  private readonly batches: number;
  private readonly metrics: Tensor;
  private readonly name: string;

  constructor(
    private readonly device: Device,
    set: FeatureSet,
    { name, batchSize }: { readonly name: string; readonly batchSize: number },
  ) {
    this.name = name;
    this.batchSize = batchSize;
    this.features = new DeviceFeatures(device, set);
    this.batches = Math.ceil(this.features.count / batchSize);
    this.metrics = device.tensor(new Float32Array(this.batches * 2), [this.batches, 2], `metrics of ${name}`);
  }

  /** Runs `work` for every batch. Returns false if the signal aborted it. */
  async run(signal: AbortSignal | undefined, work: (x: Tensor, targets: Tensor) => BatchOutputs): Promise<boolean> {
    for (let row = 0; row < this.batches; row++) {
      if (signal?.aborted) return false;
      this.device.scope(() => {
        const { x, targets } = this.features.batch(row * this.batchSize, this.sizeOf(row));
        this.device.run(batchMetrics, { ...work(x, targets), targets, metrics: this.metrics }, { row });
      });
      if ((row + 1) % BATCHES_PER_SUBMIT === 0) await this.device.trim();
    }
    return true;
  }

  /**
   * Reads the results of the last run.
   *
   * @throws DeviceError  a batch's loss is not finite, or is 0 although answers are wrong, so nothing was computed
   */
  async result({ epoch, epochs, lr }: { epoch: number; epochs: number; lr: number }): Promise<PhaseResult> {
    const metrics = await this.metrics.read();
    let [loss, correct] = [0, 0];
    for (let row = 0; row < this.batches; row++) {
      const batchLoss = metrics[row * 2]!;
      if (!Number.isFinite(batchLoss))
        throw new DeviceError(
          `fit: the ${this.name} loss must be a finite number, got ${batchLoss} (epoch ${epoch}/${epochs - 1}, batch ${row}/${this.batches - 1}, learning rate ${lr}). Lower the learning rate`,
        );
      const batchCorrect = metrics[row * 2 + 1]!;
      if (batchLoss === 0 && batchCorrect < this.sizeOf(row))
        throw new DeviceError(
          `fit: the ${this.name} loss is 0 although answers are wrong (epoch ${epoch}/${epochs - 1}), so the device did not run the shaders. Check the adapter with \`raycam doctor\``,
        );
      loss += batchLoss * this.sizeOf(row);
      correct += batchCorrect;
    }
    const { count } = this.features;
    return { loss: loss / count, accuracy: correct / count };
  }

  dispose(): void {
    this.features.dispose();
    this.metrics.dispose();
  }

  /** Returns the number of images in a batch. The last batch contains the rest. */
  private sizeOf(row: number): number {
    return Math.min(this.batchSize, this.features.count - row * this.batchSize);
  }
}
