import { DeviceError, ShapeError } from '../errors/index.ts';
import type { Device } from './device.ts';
import { elementCount, formatShape, type Shape } from './shape.ts';

/** Takes back a buffer when its last tensor is disposed. */
export interface BufferOwner {
  free(buffer: GPUBuffer): void;
  /** Returns why a buffer is invalid, or undefined. */
  failureOf(buffer: GPUBuffer): DeviceError | undefined;
}

/** A buffer and the number of tensors that refer to it. */
export class Storage {
  private references = 0;
  private poisonedBy: DeviceError | undefined;

  constructor(
    readonly buffer: GPUBuffer,
    private readonly owner: BufferOwner,
  ) {}

  /** Why the content is invalid: there was no memory, or a submit that should have written it failed. */
  get failure(): DeviceError | undefined {
    return this.poisonedBy ?? this.owner.failureOf(this.buffer);
  }

  poison(failure: DeviceError): void {
    this.poisonedBy ??= failure;
  }

  retain(): this {
    this.references++;
    return this;
  }

  drop(): void {
    if (--this.references === 0) this.owner.free(this.buffer);
  }
}

/**
 * A shaped range of GPU memory: 32-bit elements in C order, f32 unless a kernel reads them otherwise.
 * It is freed by `dispose`, at the end of the scope that it was made in, or with its device.
 */
export class Tensor {
  private disposed = false;

  /** Called by `Device`. `offsetBytes` is a multiple of the adapter's `minStorageBufferOffsetAlignment`. */
  constructor(
    readonly device: Device,
    private readonly storage: Storage,
    readonly shape: Shape,
    readonly label: string,
    readonly offsetBytes = 0,
  ) {
    storage.retain();
  }

  get size(): number {
    return elementCount(this.shape);
  }

  get sizeBytes(): number {
    return this.size * 4;
  }

  /** @throws DeviceError  the tensor is disposed, or its content is invalid */
  get buffer(): GPUBuffer {
    if (this.disposed) throw new DeviceError(`${this.label}: is already disposed`);
    if (this.storage.failure) throw this.storage.failure;
    return this.storage.buffer;
  }

  /** Why the content is invalid, or undefined. */
  get failure(): DeviceError | undefined {
    return this.storage.failure;
  }

  /** Returns whether both tensors start at the same place of the same memory. */
  isViewOf(other: Tensor): boolean {
    return this.storage === other.storage && this.offsetBytes === other.offsetBytes;
  }

  /** Makes every later use of this tensor and of all its views throw `error`. */
  poison(error: DeviceError): void {
    this.storage.poison(error);
  }

  /**
   * Returns a tensor of another shape in the same memory, starting at element `offset`.
   *
   * @throws ShapeError  it does not fit, or `offset` is not a multiple of the adapter's alignment (usually 64 elements)
   */
  view(shape: Shape, offset = 0): Tensor {
    const alignment = this.device.limits.minStorageBufferOffsetAlignment / 4;
    if (offset % alignment !== 0)
      throw new ShapeError(
        `view: the offset in ${this.label} must be a multiple of ${alignment} elements, got ${offset}`,
      );
    if (offset < 0 || offset + elementCount(shape) > this.size)
      throw new ShapeError(
        `view: ${formatShape(shape)} at element ${offset} does not fit in ${this.label} ${formatShape(this.shape)}`,
      );
    return this.device.track(new Tensor(this.device, this.storage, shape, this.label, this.offsetBytes + offset * 4));
  }

  /** Submits everything recorded so far, and returns the elements. @throws DeviceError */
  read(): Promise<Float32Array> {
    return this.device.read(this);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.storage.drop();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Reads several tensors at the same time. If one read fails, waits for the others and then throws.
 *
 * @throws DeviceError  the error of the first tensor that cannot be read
 */
export async function readTogether<const Tensors extends readonly Tensor[]>(
  ...tensors: Tensors
): Promise<{ [i in keyof Tensors]: Float32Array }> {
  const outcomes = await Promise.allSettled(tensors.map(tensor => tensor.read()));
  return outcomes.map(outcome => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }) as { [i in keyof Tensors]: Float32Array };
}
