/** Features and their labels, on the host and on a device. */
import { InputError } from '../errors/index.ts';
import { gatherRows } from '../kernels/gather_rows.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';

/** Feature vectors and the class of each. */
export interface FeatureSet {
  /** [M, F], row by row. */
  readonly features: Float32Array;
  /** [M], class indices. */
  readonly labels: ArrayLike<number>;
}

/**
 * Checks a set and returns F, the number of features per row. `name` starts the error messages.
 *
 * @throws InputError  the set is empty, a row is incomplete, a label is not a class index, or a feature is not finite
 */
export function checkFeatureSet(name: string, { features, labels }: FeatureSet, classes: readonly string[]): number {
  const count = labels.length;
  if (count === 0) throw new InputError(`${name}: contains no images`);
  const width = features.length / count;
  if (!Number.isInteger(width) || width === 0)
    throw new InputError(
      `${name}: ${features.length} feature values cannot be divided into ${count} rows, one per label`,
    );
  for (let i = 0; i < count; i++)
    if (!Number.isInteger(labels[i]) || labels[i]! < 0 || labels[i]! >= classes.length)
      throw new InputError(
        `${name}: the label of row ${i} must be an integer from 0 to ${classes.length - 1}, got ${labels[i]} (${classes.join(', ')})`,
      );
  const damaged = indexOfDamage(features);
  if (damaged >= 0)
    throw new InputError(
      `${name}: feature ${damaged % width} of row ${Math.floor(damaged / width)} must be a finite number, got ${features[damaged]}. Compute the features again`,
    );
  return width;
}

/**
 * Returns the index of the first value that is not finite, or -1. `findIndex` would take six times as long, and there
 * are ten million features.
 */
function indexOfDamage(features: Float32Array): number {
  for (let i = 0; i < features.length; i++) if (!Number.isFinite(features[i])) return i;
  return -1;
}

/**
 * A feature set that returns its batches as tensors. The features are uploaded once; if they exceed the adapter's
 * largest buffer, each batch is gathered on the host and uploaded separately.
 */
export class DeviceFeatures {
  readonly count: number;
  private readonly width: number;
  private readonly features: Tensor | undefined;
  private readonly labels: Tensor;
  private order: Uint32Array;
  private indices: Tensor;

  constructor(
    private readonly device: Device,
    private readonly set: FeatureSet,
    maxBufferBytes = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize),
  ) {
    this.count = set.labels.length;
    this.width = set.features.length / this.count;
    if (set.features.byteLength <= maxBufferBytes)
      this.features = device.tensor(set.features, [this.count, this.width], 'features');
    this.labels = device.tensor(Float32Array.from(set.labels), [this.count, 1], 'labels');
    this.order = Uint32Array.from(set.labels, (_, i) => i);
    this.indices = device.tensor(Float32Array.from(this.order), [this.count], 'order');
  }

  /** Sets the order of rows for later batches. */
  shuffle(order: Uint32Array): void {
    this.indices.dispose();
    this.order = order;
    this.indices = this.device.tensor(Float32Array.from(order), [order.length], 'order');
  }

  /** Returns features [N, F] and targets [N] of the rows `start` to `start + N` (exclusive) of the order. */
  batch(start: number, N: number): { x: Tensor; targets: Tensor } {
    const targets = this.gather(this.labels, start, N).view([N]);
    return { x: this.features ? this.gather(this.features, start, N) : this.upload(start, N), targets };
  }

  dispose(): void {
    for (const tensor of [this.features, this.labels, this.indices]) tensor?.dispose();
  }

  private gather(x: Tensor, start: number, batch: number): Tensor {
    return this.device.run(gatherRows, { x, indices: this.indices }, { start, batch }).y;
  }

  private upload(start: number, N: number): Tensor {
    const { width, set } = this;
    const batch = new Float32Array(N * width);
    this.order.subarray(start, start + N).forEach((row, n) => {
      batch.set(set.features.subarray(row * width, (row + 1) * width), n * width);
    });
    return this.device.tensor(batch, [N, width], 'batch');
  }
}
