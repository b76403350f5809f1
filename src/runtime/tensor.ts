import { DeviceError, ShapeError } from '../errors/index.ts';
import type { Device } from './device.ts';
import { elementCount, formatShape, type Shape } from './shape.ts';

/** Who gets a buffer back that no tensor looks at any more. */
export interface BufferOwner {
  free(buffer: GPUBuffer): void;
  /** Why a buffer is invalid, if it is. */
  failureOf(buffer: GPUBuffer): DeviceError | undefined;
}

/** A buffer and the number of tensors that look at it. */
export class Storage {
  private references = 0;
  private spoilt: DeviceError | undefined;

  constructor(
    readonly buffer: GPUBuffer,
    private readonly owner: BufferOwner,
  ) {}

  /** Why the content cannot be trusted: there was no memory, or the submit that should have written it failed. */
  get failure(): DeviceError | undefined {
    return this.spoilt ?? this.owner.failureOf(this.buffer);
  }

  poison(failure: DeviceError): void {
    this.spoilt ??= failure;
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
 * A shaped piece of GPU memory: 32-bit elements in C order, f32 unless a kernel says otherwise.
 * Freed by `dispose`, by the end of the scope that it was made in, or with its device.
 */
export class Tensor {
  private disposed = false;

  /** Made by `Device`; `offsetBytes` is a multiple of the adapter's `minStorageBufferOffsetAlignment`. */
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

  /** @throws DeviceError  the tensor was disposed of, or what should have written it failed */
  get buffer(): GPUBuffer {
    if (this.disposed) throw new DeviceError(`${this.label}: this tensor was disposed of and cannot be used any more`);
    if (this.storage.failure) throw this.storage.failure;
    return this.storage.buffer;
  }

  /** Why the content cannot be trusted, if so. */
  get failure(): DeviceError | undefined {
    return this.storage.failure;
  }

  /** Whether both look at the same memory from the same place on. */
  isViewOf(other: Tensor): boolean {
    return this.storage === other.storage && this.offsetBytes === other.offsetBytes;
  }

  /** Makes every later use throw `error`, here and in all views. */
  poison(error: DeviceError): void {
    this.storage.poison(error);
  }

  /**
   * The same memory, from element `offset` on, under another shape.
   *
   * @throws ShapeError  it reaches outside, or `offset` breaks the adapter's alignment (64 elements as a rule)
   */
  view(shape: Shape, offset = 0): Tensor {
    const alignment = this.device.limits.minStorageBufferOffsetAlignment / 4;
    if (offset % alignment !== 0)
      throw new ShapeError(`view: offset ${offset} of ${this.label} is no multiple of ${alignment} elements`);
    if (offset < 0 || offset + elementCount(shape) > this.size)
      throw new ShapeError(
        `view: ${formatShape(shape)} at element ${offset} reaches outside of ${this.label} ${formatShape(this.shape)}`,
      );
    return this.device.track(new Tensor(this.device, this.storage, shape, this.label, this.offsetBytes + offset * 4));
  }

  /** The elements, on the host. Submits what is recorded, and waits for it. @throws DeviceError */
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
