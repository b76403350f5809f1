import { DeviceError, firstLine } from '../errors/index.ts';
import type { Loss } from './loss.ts';

const USAGE = 0x80 | 0x08 | 0x04; // GPUBufferUsage STORAGE | COPY_DST | COPY_SRC: Node has no global GPUBufferUsage
/** Sizes are rounded up to a multiple of this, so that tensors of nearly equal size can reuse each other's buffers. */
const GRANULE_BYTES = 256;

export interface MemoryUse {
  /** Bytes of the tensors that are alive. */
  readonly liveBytes: number;
  /** Maximum of `liveBytes` so far. */
  readonly peakBytes: number;
  /** Bytes of freed buffers that are kept for reuse. */
  readonly pooledBytes: number;
}

/** A freed buffer, and the last batch of commands that may use it. */
interface Pooled {
  readonly buffer: GPUBuffer;
  readonly batch: number;
}

/**
 * The only owner of GPU memory. Later tensors reuse freed buffers, even while commands that read them are waiting,
 * because commands run in the order in which they were recorded.
 */
export class Memory {
  private readonly pool = new Map<number, Pooled[]>();
  /** Numbers of the batch that is being recorded and of the last submitted batch. The first batch is 0. */
  private recording = 0;
  private submitted = -1;
  private readonly unsettled: Promise<void>[] = [];
  /** Invalid buffers: the adapter had no memory for them, or a write to them failed. */
  private readonly failures = new WeakMap<GPUBuffer, DeviceError>();
  private liveBytes = 0;
  private peakBytes = 0;
  private pooledBytes = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly loss: Loss,
  ) {}

  get use(): MemoryUse {
    return { liveBytes: this.liveBytes, peakBytes: this.peakBytes, pooledBytes: this.pooledBytes };
  }

  /**
   * Returns a storage buffer of at least `sizeBytes` with undefined content. With `fresh`, no waiting command uses the
   * buffer, so the queue can write to it at once.
   *
   * @throws DeviceError  the size exceeds a limit of the adapter; `settle` reports running out of memory
   */
  allocate(sizeBytes: number, label: string, fresh = false): GPUBuffer {
    const rounded = Math.max(1, Math.ceil(sizeBytes / GRANULE_BYTES)) * GRANULE_BYTES;
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (rounded > limit)
      throw new DeviceError(
        `device: ${label} needs a ${megabytes(rounded)} buffer, but this adapter allows ${megabytes(limit)}. Use a smaller batch`,
      );
    const buffer = this.takePooled(rounded, fresh) ?? this.create(rounded, label);
    this.liveBytes += buffer.size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return buffer;
  }

  /** Writes `data` to a buffer. If that fails, the buffer becomes invalid and `settle` throws. */
  write(buffer: GPUBuffer, label: string, data: Float32Array | Uint32Array): void {
    this.device.pushErrorScope('validation');
    try {
      this.device.queue.writeBuffer(buffer, 0, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    } finally {
      const refused = this.device.popErrorScope().then(error => {
        // `create` has already reported a buffer without memory.
        if (!error || this.failures.has(buffer)) return;
        const failure = new DeviceError(`${label}: ${firstLine(error.message)}`);
        this.failures.set(buffer, failure);
        throw failure;
      });
      refused.catch(() => {});
      this.unsettled.push(refused);
    }
  }

  free(buffer: GPUBuffer): void {
    this.liveBytes -= buffer.size;
    this.pooledBytes += buffer.size;
    const shelf = this.pool.get(buffer.size) ?? [];
    shelf.push({ buffer, batch: this.recording });
    this.pool.set(buffer.size, shelf);
  }

  /** Closes the batch that is being recorded, and returns its number for `endBatch`. */
  closeBatch(): number {
    return this.recording++;
  }

  /** Marks a batch as submitted or failed. Buffers that were freed during its recording can now be written to. */
  endBatch(batch: number): void {
    this.submitted = batch;
  }

  /** Destroys the pooled buffers that no waiting command uses. */
  trim(): void {
    for (const [size, shelf] of this.pool) {
      const waiting = shelf.findIndex(({ batch }) => batch > this.submitted);
      const idle = shelf.splice(0, waiting < 0 ? shelf.length : waiting);
      for (const { buffer } of idle) buffer.destroy();
      this.pooledBytes -= idle.length * size;
    }
  }

  /** Returns why a buffer is invalid, or undefined. Known once `settle` has resolved. */
  failureOf(buffer: GPUBuffer): DeviceError | undefined {
    return this.failures.get(buffer);
  }

  /** Waits for all allocations and writes since the last call. @throws DeviceError  one of them failed */
  async settle(): Promise<void> {
    await Promise.all(this.unsettled.splice(0));
  }

  private takePooled(sizeBytes: number, fresh: boolean): GPUBuffer | undefined {
    const shelf = this.pool.get(sizeBytes);
    while (shelf?.length) {
      if (fresh && shelf[0]!.batch > this.submitted) return undefined;
      const { buffer } = (fresh ? shelf.shift() : shelf.pop())!; // the oldest comes first
      this.pooledBytes -= buffer.size;
      if (!this.failures.has(buffer)) return buffer;
    }
    return undefined;
  }

  private create(size: number, label: string): GPUBuffer {
    this.device.pushErrorScope('validation');
    this.device.pushErrorScope('out-of-memory');
    const refusal = ({ message }: { readonly message: string }) =>
      new DeviceError(
        `device: a ${megabytes(size)} buffer for ${label} cannot be allocated while ${inUse} are in use (${firstLine(message)}). Use a smaller batch, or close other programs that use the GPU`,
      );
    const inUse = megabytes(this.liveBytes);
    let buffer: GPUBuffer;
    try {
      buffer = this.device.createBuffer({ label, size, usage: USAGE });
    } catch (error) {
      for (let scope = 0; scope < 2; scope++) this.device.popErrorScope().catch(() => {});
      // Browsers throw a RangeError for any size once the device is lost.
      throw this.loss.error ?? refusal(error as Error);
    }
    const outOfMemory = this.device.popErrorScope();
    const invalid = this.device.popErrorScope();
    const check = async () => {
      const error = (await outOfMemory) ?? (await invalid);
      if (!error) return;
      const failure = refusal(error);
      this.failures.set(buffer, failure);
      throw failure;
    };
    const settled = check();
    settled.catch(() => {}); // `settle` reports it, maybe after the promise has rejected
    this.unsettled.push(settled);
    return buffer;
  }
}

/** Formats a size for messages: `268 MB`. */
function megabytes(sizeBytes: number): string {
  const value = sizeBytes / 1e6;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} MB`;
}
