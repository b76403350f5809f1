import { ApiObject } from './api_object.ts';
import type { Context } from './context.ts';
import { BrokenRule, broken, wholeNumber } from './errors.ts';
import type { Allocation } from './execution/heap.ts';

const QUERY_BYTES = 8;
const MOST_QUERIES = 4096;

/** A set of timestamps, in nanoseconds. */
export class WasmQuerySet extends ApiObject implements GPUQuerySet {
  declare readonly __brand: 'GPUQuerySet';
  private allocation: Allocation | undefined;
  private lastUse = 0;

  constructor(
    context: Context,
    label: string | undefined,
    readonly type: GPUQueryType,
    readonly count: number,
  ) {
    super('QuerySet', context, label);
  }

  get destroyed(): boolean {
    return this.valid && this.allocation === undefined;
  }

  addressOf(index: number): number {
    return this.allocation!.address + index * QUERY_BYTES;
  }

  usedBy(serial: number): void {
    this.lastUse = serial;
  }

  /** @throws BrokenRule */
  allocate(): void {
    this.allocation = this.context.heap.allocate(this.count * QUERY_BYTES);
    if (!this.allocation) throw new BrokenRule(`Failed to allocate ${this}.`, 'out-of-memory');
  }

  destroy(): undefined {
    const { allocation, context } = this;
    this.allocation = undefined;
    if (allocation) context.timeline.after(this.lastUse, () => context.heap.release(allocation));
  }
}

/** @throws TypeError  the device was created without the feature "timestamp-query" */
export function createQuerySet(context: Context, descriptor: GPUQuerySetDescriptor): WasmQuerySet {
  const { type } = descriptor;
  const count = wholeNumber(descriptor.count, 'GPUQuerySetDescriptor.count', 0xffffffff);
  if (type === 'timestamp' && !context.features.has('timestamp-query'))
    throw new TypeError(
      'createQuerySet: type "timestamp" needs the feature "timestamp-query", which this device lacks',
    );
  const querySet = new WasmQuerySet(context, descriptor.label, type, count);
  querySet.valid = context.errors.guard(`[Device].createQuerySet(${querySet})`, () => {
    if (type !== 'timestamp') broken(`Query type '${type}' is not supported: this device has only 'timestamp'.`);
    if (count > MOST_QUERIES) broken(`Query count (${count}) exceeds the maximum query count (${MOST_QUERIES}).`);
    querySet.allocate();
  });
  return querySet;
}
