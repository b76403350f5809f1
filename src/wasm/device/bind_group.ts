import { ApiObject } from './api_object.ts';
import type { LayoutEntry, WasmBindGroupLayout } from './bind_group_layout.ts';
import { WasmBuffer } from './buffer.ts';
import type { BoundRange } from './commands.ts';
import { BUFFER_USAGE } from './constants.ts';
import { type Context, expectUsable } from './context.ts';
import { broken, wholeNumber } from './errors.ts';

export interface BoundEntry extends BoundRange {
  readonly entry: LayoutEntry;
}

export class WasmBindGroup extends ApiObject implements GPUBindGroup {
  declare readonly __brand: 'GPUBindGroup';
  /** The bound ranges, in the order of the layout's entries. */
  bound: readonly BoundEntry[] = [];
  dynamicOffsets = 0;

  constructor(
    context: Context,
    label: string | undefined,
    readonly layout: WasmBindGroupLayout,
  ) {
    super('BindGroup', context, label);
  }

  /** Returns the bound ranges with dynamic offsets applied. @throws BrokenRule */
  at(offsets: readonly number[]): readonly BoundEntry[] {
    if (offsets.length !== this.dynamicOffsets)
      broken(
        `The number of dynamic offsets (${offsets.length}) does not match the number of dynamic buffers (${this.dynamicOffsets}) in ${this.layout}.`,
      );
    if (this.dynamicOffsets === 0) return this.bound;
    let next = 0;
    return this.bound.map(bound => {
      if (!bound.entry.hasDynamicOffset) return bound;
      const dynamic = offsets[next++]!;
      const { entry, buffer, size } = bound;
      checkAlignment(this.context, entry, buffer, dynamic, 'Dynamic offset');
      const offset = bound.offset + dynamic;
      if (offset + size > buffer.size)
        broken(
          `Dynamic offset (${dynamic}) of binding ${entry.binding} in ${this} goes past the end: offset ${offset} with size ${size} doesn't fit in the size (${buffer.size}) of ${buffer}.`,
        );
      return { entry, buffer, offset, size };
    });
  }
}

export function createBindGroup(context: Context, descriptor: GPUBindGroupDescriptor): WasmBindGroup {
  const layout = descriptor.layout as WasmBindGroupLayout;
  const group = new WasmBindGroup(context, descriptor.label, layout);
  group.valid = context.errors.guard(`[Device].createBindGroup(${group})`, () => {
    expectUsable(context, layout);
    const entries = [...descriptor.entries];
    if (entries.length !== layout.entries.length)
      broken(
        `Number of entries (${entries.length}) did not match the expected number of entries (${layout.entries.length}) for ${layout}.`,
      );
    const bound = entries.map(entry => readEntry(context, layout, entry));
    bound.sort((a, b) => a.entry.binding - b.entry.binding);
    for (const [i, { entry }] of bound.entries())
      if (bound[i + 1]?.entry === entry) broken(`Binding ${entry.binding} is set more than once.`);
    group.bound = bound;
    group.dynamicOffsets = bound.filter(({ entry }) => entry.hasDynamicOffset).length;
  });
  return group;
}

function readEntry(context: Context, layout: WasmBindGroupLayout, given: GPUBindGroupEntry): BoundEntry {
  const entry = layout.entry(given.binding);
  if (!entry) broken(`Binding ${given.binding} is not in ${layout}.`);
  const resource = given.resource;
  const range: GPUBufferBinding =
    resource instanceof WasmBuffer ? { buffer: resource } : (resource as GPUBufferBinding);
  const { buffer } = range;
  if (!(buffer instanceof WasmBuffer))
    throw new TypeError(`GPUBindGroupEntry.resource of binding ${given.binding} is not a buffer of this device`);
  expectUsable(context, buffer);
  const offset = wholeNumber(range.offset ?? 0, 'GPUBufferBinding.offset');
  const size = range.size === undefined ? buffer.size - offset : wholeNumber(range.size, 'GPUBufferBinding.size');
  buffer.expectUsage(entry.type === 'uniform' ? BUFFER_USAGE.UNIFORM : BUFFER_USAGE.STORAGE);
  checkRange(context, entry, { buffer, offset, size });
  return { entry, buffer, offset, size };
}

function checkRange(context: Context, entry: LayoutEntry, { buffer, offset, size }: BoundRange): void {
  const where = `binding ${entry.binding}`;
  checkAlignment(context, entry, buffer, offset, 'Offset');
  if (offset + size > buffer.size || size < 0)
    broken(
      `Binding range (offset: ${offset}, size: ${size}) of ${where} doesn't fit in the size (${buffer.size}) of ${buffer}.`,
    );
  if (size === 0) broken(`Binding size of ${where}, ${buffer}, is zero.`);
  const limit = entry.type === 'uniform' ? 'maxUniformBufferBindingSize' : 'maxStorageBufferBindingSize';
  if (size > context.limits[limit])
    broken(
      `Binding size (${size}) of ${where}, ${buffer}, is larger than the maximum binding size (${context.limits[limit]}).`,
    );
  if (entry.type !== 'uniform' && size % 4 !== 0)
    broken(`Binding size (${size}) of ${where}, ${buffer}, is not a multiple of 4, which storage buffers require.`);
  if (size < entry.minBindingSize)
    broken(
      `Binding size (${size}) of ${where}, ${buffer}, is smaller than the minimum binding size (${entry.minBindingSize}).`,
    );
}

function checkAlignment(
  { limits }: Context,
  entry: LayoutEntry,
  buffer: WasmBuffer,
  offset: number,
  what: string,
): void {
  const alignment =
    limits[entry.type === 'uniform' ? 'minUniformBufferOffsetAlignment' : 'minStorageBufferOffsetAlignment'];
  if (offset % alignment !== 0)
    broken(
      `${what} (${offset}) of ${buffer} at binding ${entry.binding} does not satisfy the minimum ${entry.type} offset alignment (${alignment}).`,
    );
}
