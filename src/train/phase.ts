import { DeviceError } from '../errors/index.ts';
import { batchMetrics } from '../kernels/batch_metrics.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { DeviceFeatures, type FeatureSet } from './feature_set.ts';

/** Between two submits: long runs stay abortable, and no adapter takes one for a hang. */
const BATCHES_PER_SUBMIT = 64;

export interface PhaseResult {
  /** The mean over images. */
  readonly loss: number;
  readonly accuracy: number;
}

export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  /** What the epoch was trained with. */
  readonly lr: number;
  readonly train: PhaseResult;
  readonly val: PhaseResult;
  readonly elapsedMs: number;
}

/** What a batch leaves behind. */
export interface BatchOutputs {
  readonly logProbabilities: Tensor;
  readonly loss: Tensor;
}

/** One pass over a set. Losses and counts of its batches stay on the device until `result` reads them together. */
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

  /** Records every batch. False where the signal came before the end. */
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

  /** @throws DeviceError  a batch's loss is no finite number, or 0 where answers are wrong: nothing was computed */
  async result({ epoch, epochs, lr }: { epoch: number; epochs: number; lr: number }): Promise<PhaseResult> {
    const metrics = await this.metrics.read();
    let [loss, correct] = [0, 0];
    for (let row = 0; row < this.batches; row++) {
      const batchLoss = metrics[row * 2]!;
      if (!Number.isFinite(batchLoss))
        throw new DeviceError(
          `fit: the ${this.name} loss is ${batchLoss} in epoch ${epoch}/${epochs - 1}, batch ${row}/${this.batches - 1}, expected a finite number. Lower the learning rate, it was ${lr}`,
        );
      const batchCorrect = metrics[row * 2 + 1]!;
      if (batchLoss === 0 && batchCorrect < this.sizeOf(row))
        throw new DeviceError(
          `fit: the ${this.name} loss is 0 in epoch ${epoch}/${epochs - 1} and answers are wrong, as if nothing had run. Check the adapter with \`raycam doctor\``,
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

  /** The last batch is what remains. */
  private sizeOf(row: number): number {
    return Math.min(this.batchSize, this.features.count - row * this.batchSize);
  }
}
