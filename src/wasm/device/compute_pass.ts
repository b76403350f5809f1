import { ApiObject } from './api_object.ts';
import type { BoundEntry, WasmBindGroup } from './bind_group.ts';
import type { WasmBuffer } from './buffer.ts';
import { type Command, MOST_WORKGROUPS } from './commands.ts';
import { BUFFER_USAGE } from './constants.ts';
import { type Context, expectUsable } from './context.ts';
import { broken, notForCompute, wholeNumber } from './errors.ts';
import type { WasmComputePipeline } from './pipeline.ts';
import type { WasmQuerySet } from './query_set.ts';

export type TimestampCommand = Extract<Command, { kind: 'timestamp' }>;

/** The operations of a command encoder that its passes use. */
export interface PassEncoder {
  readonly context: Context;
  attempt(call: string, work: () => void): void;
  add(command: Command): void;
  endPass(timestamp: TimestampCommand | undefined, check: () => void): void;
}

interface Bound {
  readonly group: WasmBindGroup;
  readonly entries: readonly BoundEntry[];
}

const MOST_32 = 0xffffffff;

export class WasmComputePass extends ApiObject implements GPUComputePassEncoder {
  declare readonly __brand: 'GPUComputePassEncoder';
  private readonly groups: (Bound | undefined)[] = [];
  private pipeline: WasmComputePipeline | undefined;
  private ended = false;
  private debugGroups = 0;

  constructor(
    label: string | undefined,
    private readonly encoder: PassEncoder,
    private readonly endTimestamp: { readonly querySet: WasmQuerySet; readonly index: number } | undefined,
  ) {
    super('ComputePassEncoder', encoder.context, label);
  }

  setPipeline(pipeline: GPUComputePipeline): undefined {
    this.record('setPipeline', () => {
      expectUsable(this.context, pipeline as WasmComputePipeline);
      this.pipeline = pipeline as WasmComputePipeline;
    });
  }

  setBindGroup(
    index: number,
    bindGroup: GPUBindGroup | null | undefined,
    offsets: Iterable<number> | Uint32Array = [],
    start?: number,
    length?: number,
  ): undefined {
    const all = [...offsets];
    if (start !== undefined && start + (length ?? 0) > all.length)
      throw new RangeError(
        `setBindGroup: dynamic offsets (start: ${start}, length: ${length ?? 0}) do not fit in the ${all.length} values given`,
      );
    const dynamic = start === undefined ? all : all.slice(start, start + (length ?? 0));
    this.record(`setBindGroup(${index}, ${bindGroup ?? null})`, () => {
      const { maxBindGroups } = this.context.limits;
      if (index >= maxBindGroups) broken(`Bind group index (${index}) exceeds the maximum (${maxBindGroups}).`);
      if (!bindGroup) {
        this.groups[index] = undefined;
        return;
      }
      const group = bindGroup as WasmBindGroup;
      expectUsable(this.context, group);
      this.groups[index] = { group, entries: group.at(dynamic) };
    });
  }

  setImmediates(): undefined {
    notForCompute('setImmediates');
  }

  dispatchWorkgroups(x: number, y = 1, z = 1): undefined {
    const counts = [x, y, z].map((count, i) => wholeNumber(count, `workgroupCount${'XYZ'[i]}`, MOST_32)) as [
      number,
      number,
      number,
    ];
    this.recordDispatch(`dispatchWorkgroups(${counts.join(', ')})`, pipeline => {
      const most = this.context.limits.maxComputeWorkgroupsPerDimension;
      counts.forEach((count, i) => {
        if (count > most)
          broken(
            `Dispatch workgroup count ${'XYZ'[i]} (${count}) exceeds max compute workgroups per dimension (${most}).`,
          );
      });
      const total = counts[0] * counts[1] * counts[2];
      if (total > MOST_WORKGROUPS)
        broken(`Dispatch workgroup count (${total}) exceeds the maximum of this device (${MOST_WORKGROUPS}).`);
      const bindings = this.bindingsOf(pipeline);
      if (total > 0) this.encoder.add({ kind: 'dispatch', kernel: pipeline.kernel!, bindings, workgroups: counts });
    });
  }

  dispatchWorkgroupsIndirect(indirectBuffer: GPUBuffer, indirectOffset: number): undefined {
    const offset = wholeNumber(indirectOffset, 'indirectOffset');
    const buffer = indirectBuffer as WasmBuffer;
    this.recordDispatch(`dispatchWorkgroupsIndirect(${buffer}, ${offset})`, pipeline => {
      expectUsable(this.context, buffer);
      buffer.expectUsage(BUFFER_USAGE.INDIRECT);
      if (offset % 4 !== 0) broken(`Indirect offset (${offset}) is not a multiple of 4.`);
      if (offset + 12 > buffer.size)
        broken(`Indirect offset (${offset}) and 12 bytes don't fit in the size (${buffer.size}) of ${buffer}.`);
      const bindings = this.bindingsOf(pipeline);
      for (const { group, entries } of this.boundOf(pipeline))
        for (const { buffer: bound, entry } of entries)
          if (bound === buffer && entry.type === 'storage')
            broken(
              `${buffer} contains the workgroup counts of a dispatch that may write to it through ${group}: writable usage and another usage in the same synchronization scope.`,
            );
      const most = this.context.limits.maxComputeWorkgroupsPerDimension;
      this.encoder.add({ kind: 'dispatch', kernel: pipeline.kernel!, bindings, workgroups: { buffer, offset, most } });
    });
  }

  end(): undefined {
    if (this.ended) {
      this.context.errors.report('validation', `${this} was already ended.`);
      return;
    }
    this.ended = true;
    const { debugGroups } = this;
    this.encoder.endPass(this.endTimestamp && { kind: 'timestamp', ...this.endTimestamp }, () => {
      if (debugGroups > 0) broken(`${debugGroups} debug groups of ${this} were pushed and never popped.`);
    });
  }

  pushDebugGroup(): undefined {
    this.record('pushDebugGroup', () => {
      this.debugGroups++;
    });
  }

  popDebugGroup(): undefined {
    this.record('popDebugGroup', () => {
      if (this.debugGroups === 0) broken(`${this} has no debug group to pop.`);
      this.debugGroups--;
    });
  }

  insertDebugMarker(): undefined {}

  private record(call: string, work: () => void): void {
    if (this.ended) {
      this.context.errors.report('validation', `${this} is already ended: cannot record ${call}.`);
      return;
    }
    this.encoder.attempt(`${this}.${call}`, work);
  }

  private recordDispatch(call: string, work: (pipeline: WasmComputePipeline) => void): void {
    if (this.context.lost) return;
    const { pipeline } = this;
    // Many dispatches use the same pipeline, but each usually has its own group, whose label identifies the dispatch.
    const groups = this.groups.map(bound => bound?.group).filter(group => group !== undefined);
    this.record(`${call} with ${groups.join(', ') || pipeline || 'nothing set'}`, () => {
      if (!pipeline) broken('No pipeline set.');
      work(pipeline);
    });
  }

  /** Returns the kernel's ranges in its binding order. @throws BrokenRule  the bound groups do not fit the pipeline */
  private bindingsOf(pipeline: WasmComputePipeline): readonly BoundEntry[] {
    const bound = this.boundOf(pipeline);
    checkAliases(bound);
    return pipeline.bindings.map(({ group, binding, minBindingSize }) => {
      const range = this.groups[group]!.entries.find(({ entry }) => entry.binding === binding)!;
      if (range.size < minBindingSize)
        broken(
          `${range.buffer} bound with size ${range.size} at group ${group}, binding ${binding} is too small. ${pipeline} requires a buffer binding which is at least ${minBindingSize} bytes.`,
        );
      return range;
    });
  }

  private boundOf(pipeline: WasmComputePipeline): readonly Bound[] {
    const found: Bound[] = [];
    pipeline.layout!.groups.forEach((layout, index) => {
      if (!layout || layout.entries.length === 0) return;
      const bound = this.groups[index];
      if (!bound) broken(`No bind group set at group index ${index}, ${pipeline} needs one of ${layout}.`);
      if (bound.group.layout !== layout && bound.group.layout.key !== layout.key)
        broken(
          `Bind group layout ${layout} of ${pipeline} does not match layout ${bound.group.layout} of ${bound.group} set at group index ${index}.`,
        );
      found.push(bound);
    });
    return found;
  }
}

/** Checks that no range which a dispatch may write is visible through another binding. @throws BrokenRule */
function checkAliases(bound: readonly Bound[]): void {
  const entries = bound.length === 1 ? bound[0]!.entries : bound.flatMap(group => group.entries);
  for (const [i, one] of entries.entries()) {
    if (one.entry.type !== 'storage') continue;
    for (const [k, other] of entries.entries()) {
      if (k === i || other.buffer !== one.buffer) continue;
      if (other.entry.type !== 'storage')
        broken(
          `${one.buffer} usage (BufferUsage::(Storage|${other.entry.type === 'uniform' ? 'Uniform' : 'ReadOnlyStorage'})) includes writable usage and another usage in the same synchronization scope.`,
        );
      if (one.offset < other.offset + other.size && other.offset < one.offset + one.size)
        broken(
          `Writable storage buffer binding aliasing found between bindings ${Math.min(one.entry.binding, other.entry.binding)} and ${Math.max(one.entry.binding, other.entry.binding)}, with overlapping ranges of ${one.buffer}.`,
        );
    }
  }
}
