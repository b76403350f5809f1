import { DeviceError, firstLine } from '../errors/index.ts';
import type { Loss } from './loss.ts';

const USAGE = 0x80 | 0x08 | 0x04; // GPUBufferUsage STORAGE | COPY_DST | COPY_SRC: the constants are no global in Node
/** Sizes are rounded up to this, so that buffers of nearly equal tensors can serve one another. */
const GRANULE_BYTES = 256;

export interface MemoryUse {
  /** Held by tensors that are alive. */
  readonly liveBytes: number;
  /** The most that was ever alive at once. */
  readonly peakBytes: number;
  /** Freed, and kept for the next tensor of the size. */
  readonly pooledBytes: number;
}

/** A freed buffer, and the last batch of commands that may use it. */
interface Pooled {
  readonly buffer: GPUBuffer;
  readonly batch: number;
}

/**
 * The one owner of GPU memory. Freed buffers serve later tensors: commands run in the order they were recorded,
 * so a buffer may be handed on while commands that read it still wait.
 */
export class Memory {
  private readonly pool = new Map<number, Pooled[]>();
  /** The batch that is being recorded, and the last one that was submitted: batches count up from 0. */
  private recording = 0;
  private submitted = -1;
  private readonly unsettled: Promise<void>[] = [];
  /** Buffers that the adapter had no memory for: they exist, and are invalid. */
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
   * A storage buffer of at least `sizeBytes`. Its content is whatever was there before. `fresh` takes no buffer that
   * commands wait for: a write by the queue must not overtake them.
   *
   * @throws DeviceError  the size is over the adapter's limits; running out of memory surfaces at `settle`
   */
  allocate(sizeBytes: number, label: string, fresh = false): GPUBuffer {
    const rounded = Math.max(1, Math.ceil(sizeBytes / GRANULE_BYTES)) * GRANULE_BYTES;
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (rounded > limit)
      throw new DeviceError(
        `device: ${label} needs a ${megabytes(rounded)} buffer, this adapter allows ${megabytes(limit)}. Take a smaller batch`,
      );
    const buffer = this.takePooled(rounded, fresh) ?? this.create(rounded, label);
    this.liveBytes += buffer.size;
    this.peakBytes = Math.max(this.peakBytes, this.liveBytes);
    return buffer;
  }

  /** Puts `data` into a buffer. A failure spoils the buffer, and surfaces at `settle`: it never is a line on the console alone. */
  write(buffer: GPUBuffer, label: string, data: Float32Array | Uint32Array): void {
    this.device.pushErrorScope('validation');
    try {
      this.device.queue.writeBuffer(buffer, 0, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    } finally {
      const refused = this.device.popErrorScope().then(error => {
        // A buffer that found no memory has told so already.
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

  /** The queue has the batch, or never will: what was freed while it was recorded can be written to. */
  endBatch(batch: number): void {
    this.submitted = batch;
  }

  /** Gives back to the adapter what no command waits for. */
  trim(): void {
    for (const [size, shelf] of this.pool) {
      const waiting = shelf.findIndex(({ batch }) => batch > this.submitted);
      const idle = shelf.splice(0, waiting < 0 ? shelf.length : waiting);
      for (const { buffer } of idle) buffer.destroy();
      this.pooledBytes -= idle.length * size;
    }
  }

  /** Why a buffer is invalid, if it is; known once `settle` has been waited for. */
  failureOf(buffer: GPUBuffer): DeviceError | undefined {
    return this.failures.get(buffer);
  }

  /** @throws DeviceError  an allocation since the last call found no memory */
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
        `device: no ${megabytes(size)} buffer for ${label} beside ${besideBytes} in use (${firstLine(message)}). Take a smaller batch, or close other programs that use the GPU`,
      );
    const besideBytes = megabytes(this.liveBytes);
    let buffer: GPUBuffer;
    try {
      buffer = this.device.createBuffer({ label, size, usage: USAGE });
    } catch (error) {
      for (let scope = 0; scope < 2; scope++) this.device.popErrorScope().catch(() => {});
      // After a loss browsers throw a RangeError, whatever the size.
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
    settled.catch(() => {}); // reported by settle(), which may come later than the rejection
    this.unsettled.push(settled);
    return buffer;
  }
}

/** As messages show it: `268 MB`. */
export function megabytes(sizeBytes: number): string {
  const value = sizeBytes / 1e6;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} MB`;
}
