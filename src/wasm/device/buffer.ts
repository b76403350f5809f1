import { ApiObject } from './api_object.ts';
import { BUFFER_USAGE, describeUsage, MAP_MODE } from './constants.ts';
import { type Context, expectUsable } from './context.ts';
import { BrokenRule, broken, operationError, wholeNumber } from './errors.ts';
import { deferred } from './execution/deferred.ts';
import type { Allocation, Heap } from './execution/heap.ts';
import type { Timeline } from './execution/timeline.ts';

const ALL_USAGES = Object.values(BUFFER_USAGE).reduce((all, bit) => all | bit, 0);

/** A buffer's memory. It outlives the buffer as long as queued work uses it. */
interface Storage {
  readonly allocation: Allocation;
  /** The last timeline entry that uses the memory. */
  lastUse: number;
}

interface Mapping {
  readonly mode: number;
  readonly offset: number;
  readonly size: number;
  /**
   * The ranges that `getMappedRange` returned: copies, because WebAssembly memory can neither be split nor detached.
   */
  readonly ranges: { readonly offset: number; readonly bytes: ArrayBuffer }[];
}

/** Frees the memory of buffers that were dropped without `destroy()`. */
const dropped = new FinalizationRegistry<{ storage: Storage; heap: Heap; timeline: Timeline }>(
  ({ storage, heap, timeline }) => timeline.after(storage.lastUse, () => heap.release(storage.allocation)),
);

export class WasmBuffer extends ApiObject implements GPUBuffer {
  declare readonly __brand: 'GPUBuffer';
  private storage: Storage | undefined;
  private mapping: Mapping | undefined;
  private pending: { readonly reject: (error: Error) => void } | undefined;
  private destroyed = false;

  constructor(
    context: Context,
    label: string | undefined,
    readonly size: number,
    readonly usage: number,
  ) {
    super('Buffer', context, label);
  }

  get mapState(): GPUBufferMapState {
    if (this.pending) return 'pending';
    return this.mapping && !this.isGone ? 'mapped' : 'unmapped';
  }

  /**
   * Returns whether the lost device freed the buffer's memory, and with it the mapping. A buffer created after the loss
   * has no device memory, so its mapping stays usable.
   */
  private get isGone(): boolean {
    return this.context.lost && this.storage !== undefined;
  }

  /** The address of the bytes. Valid only if `expectReady` passed. */
  get address(): number {
    return this.storage!.allocation.address;
  }

  /** Returns whether no queued work still uses the buffer. */
  get idle(): boolean {
    return this.storage === undefined || this.storage.lastUse <= this.context.timeline.completed;
  }

  /** Records that a timeline entry uses the buffer. */
  usedBy(serial: number): void {
    if (this.storage) this.storage.lastUse = serial;
  }

  /** Allocates the buffer's memory. @throws BrokenRule  the memory has run out */
  allocate(): void {
    const allocation = this.context.heap.allocate(this.size);
    if (!allocation) {
      const { usedBytes } = this.context.heap.use;
      throw new BrokenRule(
        `Failed to allocate ${this.size} bytes for ${this}: ${usedBytes} bytes are in use, and 32-bit memory is limited to 4 GiB.`,
        'out-of-memory',
      );
    }
    this.storage = { allocation, lastUse: 0 };
    dropped.register(this, { storage: this.storage, heap: this.context.heap, timeline: this.context.timeline }, this);
  }

  mapAtCreation(): void {
    this.mapping = { mode: MAP_MODE.WRITE, offset: 0, size: this.size, ranges: [] };
  }

  mapAsync(mode: number, offset = 0, size = Math.max(0, this.size - offset)): Promise<undefined> {
    if (this.pending) return Promise.reject(operationError(`${this} is already being mapped.`));
    try {
      this.expectMappable(mode, wholeNumber(offset, 'offset'), wholeNumber(size, 'size'));
    } catch (error) {
      if (!(error instanceof BrokenRule)) return Promise.reject(error);
      this.context.errors.report(
        error.filter,
        `${error.message}\n - While calling ${this}.mapAsync(${mode}, ${offset}, ${size}).`,
      );
      return Promise.reject(operationError(error.message));
    }
    if (this.context.lost) return Promise.reject(operationError(`${this} cannot be mapped: the device is lost.`));
    const { promise, resolve, reject } = deferred<undefined>();
    const request = { reject };
    this.pending = request;
    const { lastUse } = this.storage!;
    const done = () => {
      if (this.pending !== request) return;
      this.pending = undefined;
      if (this.context.lost)
        return reject(new DOMException(`${this} was not mapped: the device is lost.`, 'AbortError'));
      this.mapping = { mode, offset, size, ranges: [] };
      resolve(undefined);
    };
    queueMicrotask(() => this.context.timeline.after(lastUse, done)); // not before mapAsync returns
    return promise;
  }

  getMappedRange(offset = 0, size = Math.max(0, this.size - offset)): ArrayBuffer {
    const { mapping } = this;
    if (!mapping || this.isGone) throw operationError(`${this} is not mapped.`);
    const end = wholeNumber(offset, 'offset') + wholeNumber(size, 'size');
    if (offset % 8 !== 0) throw operationError(`getMappedRange: offset (${offset}) is not a multiple of 8.`);
    if (size % 4 !== 0) throw operationError(`getMappedRange: size (${size}) is not a multiple of 4.`);
    if (offset < mapping.offset || end > mapping.offset + mapping.size)
      throw operationError(
        `getMappedRange: range (offset: ${offset}, size: ${size}) is outside the mapped range (offset: ${mapping.offset}, size: ${mapping.size}) of ${this}.`,
      );
    const overlapping = mapping.ranges.find(
      range => offset < range.offset + range.bytes.byteLength && range.offset < end,
    );
    if (overlapping && size > 0)
      throw operationError(
        `getMappedRange: range (offset: ${offset}, size: ${size}) overlaps a range that was already returned.`,
      );
    const bytes = new ArrayBuffer(size);
    if (this.storage) new Uint8Array(bytes).set(this.context.heap.bytes(this.address + offset, size));
    mapping.ranges.push({ offset, bytes });
    return bytes;
  }

  unmap(): undefined {
    this.pending?.reject(new DOMException(`${this} was unmapped before mapping was resolved.`, 'AbortError'));
    this.pending = undefined;
    const { mapping } = this;
    this.mapping = undefined;
    for (const { offset, bytes } of mapping?.ranges ?? []) {
      if (mapping!.mode === MAP_MODE.WRITE && this.storage && !this.isGone && bytes.byteLength > 0)
        this.context.heap.bytes(this.address + offset, bytes.byteLength).set(new Uint8Array(bytes));
      if (bytes.byteLength > 0) structuredClone(bytes, { transfer: [bytes] }); // detaches the copy
    }
  }

  destroy(): undefined {
    this.unmap();
    this.destroyed = true;
    const { storage, context } = this;
    this.storage = undefined;
    if (!storage) return;
    dropped.unregister(this);
    context.timeline.after(storage.lastUse, () => context.heap.release(storage.allocation));
  }

  /** @throws BrokenRule  the buffer is destroyed, mapped or waiting to be mapped */
  expectReady(): void {
    if (this.destroyed) broken(`${this} used in submit while destroyed.`);
    if (this.mapping) broken(`${this} used in submit while mapped.`);
    if (this.pending) broken(`${this} used in submit while pending map.`);
  }

  /** @throws BrokenRule  the buffer was created without this usage */
  expectUsage(usage: number): void {
    if (!(this.usage & usage))
      broken(`${this} usage (${describeUsage(this.usage)}) doesn't include ${describeUsage(usage)}.`);
  }

  private expectMappable(mode: number, offset: number, size: number): void {
    expectUsable(this.context, this);
    if (mode !== MAP_MODE.READ && mode !== MAP_MODE.WRITE)
      broken(`mode (${mode}) is neither GPUMapMode.READ nor GPUMapMode.WRITE.`);
    if (offset % 8 !== 0) broken(`offset (${offset}) must be a multiple of 8.`);
    if (size % 4 !== 0) broken(`size (${size}) must be a multiple of 4.`);
    if (offset + size > this.size)
      broken(`Mapping range (offset: ${offset}, size: ${size}) doesn't fit in the size (${this.size}) of ${this}.`);
    if (this.destroyed) broken(`${this} is destroyed.`);
    if (this.mapping) broken(`${this} is already mapped.`);
    this.expectUsage(mode === MAP_MODE.READ ? BUFFER_USAGE.MAP_READ : BUFFER_USAGE.MAP_WRITE);
  }
}

/** @throws RangeError  mappedAtCreation with a size that is not a multiple of 4 */
export function createBuffer(context: Context, descriptor: GPUBufferDescriptor): WasmBuffer {
  const size = wholeNumber(descriptor.size, 'GPUBufferDescriptor.size');
  const usage = wholeNumber(descriptor.usage, 'GPUBufferDescriptor.usage', 0xffffffff);
  const buffer = new WasmBuffer(context, descriptor.label, size, usage);
  if (descriptor.mappedAtCreation) {
    if (size % 4 !== 0)
      throw new RangeError(`${buffer} is mapped at creation: its size (${size}) must be a multiple of 4.`);
    buffer.mapAtCreation();
  }
  if (context.lost) return buffer;
  buffer.valid = context.errors.guard(`[Device].createBuffer(${buffer})`, () => {
    checkDescriptor(context, buffer);
    buffer.allocate();
  });
  return buffer;
}

function checkDescriptor({ limits }: Context, { size, usage }: WasmBuffer): void {
  if (size > limits.maxBufferSize)
    broken(`Buffer size (${size}) exceeds the max buffer size limit (${limits.maxBufferSize}).`);
  if (usage === 0) broken('Buffer usages must not be 0.');
  if (usage & ~ALL_USAGES) broken(`Buffer usages (0x${usage.toString(16)}) contain unknown bits.`);
  for (const [map, other] of [
    [BUFFER_USAGE.MAP_READ, BUFFER_USAGE.COPY_DST],
    [BUFFER_USAGE.MAP_WRITE, BUFFER_USAGE.COPY_SRC],
  ] as const)
    if (usage & map && usage & ~(map | other))
      broken(
        `Buffer usages (${describeUsage(usage)}) is invalid. If a buffer usage contains ${describeUsage(map)} the only other allowed usage is ${describeUsage(other)}.`,
      );
}
