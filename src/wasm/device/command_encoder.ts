import { ApiObject } from './api_object.ts';
import { WasmBuffer } from './buffer.ts';
import type { BoundRange, Command } from './commands.ts';
import { type PassEncoder, type TimestampCommand, WasmComputePass } from './compute_pass.ts';
import { BUFFER_USAGE } from './constants.ts';
import { type Context, expectUsable } from './context.ts';
import { BrokenRule, broken, notForCompute, wholeNumber } from './errors.ts';
import type { WasmQuerySet } from './query_set.ts';

export class WasmCommandBuffer extends ApiObject implements GPUCommandBuffer {
  declare readonly __brand: 'GPUCommandBuffer';
  submitted = false;

  constructor(
    context: Context,
    label: string | undefined,
    readonly commands: readonly Command[],
  ) {
    super('CommandBuffer', context, label);
  }
}

/** Checks commands as they are recorded. `finish` reports the first broken rule. */
export class WasmCommandEncoder extends ApiObject implements GPUCommandEncoder, PassEncoder {
  declare readonly __brand: 'GPUCommandEncoder';
  private readonly commands: Command[] = [];
  private state: 'open' | 'in a pass' | 'finished' = 'open';
  private failure: BrokenRule | undefined;
  private debugGroups = 0;

  constructor(context: Context, label: string | undefined) {
    super('CommandEncoder', context, label);
  }

  beginComputePass(descriptor: GPUComputePassDescriptor = {}): GPUComputePassEncoder {
    const { timestampWrites, label } = descriptor;
    if (timestampWrites && !this.context.features.has('timestamp-query'))
      throw new TypeError(
        'beginComputePass: timestampWrites needs the feature "timestamp-query", which this device lacks',
      );
    const querySet = timestampWrites?.querySet as WasmQuerySet | undefined;
    const { beginningOfPassWriteIndex: begin, endOfPassWriteIndex: end } = timestampWrites ?? {};
    let stamped = false;
    this.record('beginComputePass', () => {
      this.state = 'in a pass';
      if (!querySet) return;
      this.checkTimestamps(querySet, begin, end);
      if (begin !== undefined) this.add({ kind: 'timestamp', querySet, index: begin });
      stamped = true;
    });
    return new WasmComputePass(
      label,
      this,
      stamped && end !== undefined ? { querySet: querySet!, index: end } : undefined,
    );
  }

  beginRenderPass(): never {
    notForCompute('beginRenderPass');
  }

  copyBufferToTexture(): never {
    notForCompute('copyBufferToTexture');
  }

  copyTextureToBuffer(): never {
    notForCompute('copyTextureToBuffer');
  }

  copyTextureToTexture(): never {
    notForCompute('copyTextureToTexture');
  }

  copyBufferToBuffer(source: GPUBuffer, destination: GPUBuffer, size?: number): undefined;
  copyBufferToBuffer(
    source: GPUBuffer,
    sourceOffset: number,
    destination: GPUBuffer,
    destinationOffset: number,
    size?: number,
  ): undefined;
  copyBufferToBuffer(source: GPUBuffer, ...rest: readonly (GPUBuffer | number | undefined)[]): undefined {
    const [fromOffset, target, toOffset, bytes] = rest[0] instanceof WasmBuffer ? [0, rest[0], 0, rest[1]] : rest;
    const [from, to] = [source as WasmBuffer, target as WasmBuffer];
    const sourceOffset = wholeNumber(fromOffset, 'sourceOffset');
    const destinationOffset = wholeNumber(toOffset, 'destinationOffset');
    const size = bytes === undefined ? Math.max(0, from.size - sourceOffset) : wholeNumber(bytes, 'size');
    this.record(`copyBufferToBuffer(${from}, ${sourceOffset}, ${to}, ${destinationOffset}, ${size})`, () => {
      for (const buffer of [from, to]) expectUsable(this.context, buffer);
      from.expectUsage(BUFFER_USAGE.COPY_SRC);
      to.expectUsage(BUFFER_USAGE.COPY_DST);
      if (from === to) broken(`Source and destination are the same ${from}.`);
      checkCopyRange('Copy source', { buffer: from, offset: sourceOffset, size });
      checkCopyRange('Copy destination', { buffer: to, offset: destinationOffset, size });
      if (size === 0) return;
      this.add({
        kind: 'copy',
        from: { buffer: from, offset: sourceOffset, size },
        to: { buffer: to, offset: destinationOffset, size },
      });
    });
  }

  clearBuffer(buffer: GPUBuffer, offset = 0, size = Math.max(0, buffer.size - offset)): undefined {
    const to = { buffer: buffer as WasmBuffer, offset: wholeNumber(offset, 'offset'), size: wholeNumber(size, 'size') };
    this.record(`clearBuffer(${buffer}, ${offset}, ${size})`, () => {
      expectUsable(this.context, to.buffer);
      to.buffer.expectUsage(BUFFER_USAGE.COPY_DST);
      checkCopyRange('Clear', to);
      if (size > 0) this.add({ kind: 'clear', to });
    });
  }

  resolveQuerySet(
    querySet: GPUQuerySet,
    firstQuery: number,
    queryCount: number,
    destination: GPUBuffer,
    destinationOffset: number,
  ): undefined {
    const queries = querySet as WasmQuerySet;
    const buffer = destination as WasmBuffer;
    this.record(`resolveQuerySet(${queries}, ${firstQuery}, ${queryCount}, ${buffer}, ${destinationOffset})`, () => {
      expectUsable(this.context, queries);
      expectUsable(this.context, buffer);
      buffer.expectUsage(BUFFER_USAGE.QUERY_RESOLVE);
      if (firstQuery + queryCount > queries.count)
        broken(
          `Query range (firstQuery: ${firstQuery}, queryCount: ${queryCount}) exceeds the number of queries (${queries.count}) in ${queries}.`,
        );
      if (destinationOffset % 256 !== 0) broken(`Destination offset (${destinationOffset}) is not a multiple of 256.`);
      const to = { buffer, offset: destinationOffset, size: 8 * queryCount };
      checkCopyRange('Resolved queries', to);
      if (queryCount > 0) this.add({ kind: 'resolve', querySet: queries, first: firstQuery, to });
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

  finish(descriptor: GPUCommandBufferDescriptor = {}): GPUCommandBuffer {
    const { context } = this;
    const buffer = new WasmCommandBuffer(context, descriptor.label, this.commands);
    buffer.valid = context.errors.guard(`${this}.finish()`, () => {
      if (this.state === 'finished') broken(`${this} is already finished.`);
      const { state } = this;
      this.state = 'finished';
      if (this.failure) throw this.failure;
      if (state === 'in a pass') broken(`${this} has a pass that was not ended.`);
      if (this.debugGroups > 0) broken(`${this.debugGroups} debug groups of ${this} were pushed and never popped.`);
    });
    return buffer;
  }

  /** Runs `work` and keeps the first broken rule for `finish`. Called by the pass. */
  attempt(call: string, work: () => void): void {
    try {
      if (this.state === 'finished') broken(`${this} is already finished.`);
      work();
    } catch (error) {
      if (!(error instanceof BrokenRule)) throw error;
      this.failure ??= new BrokenRule(`${error.message}\n - While encoding ${call}.`, error.filter);
    }
  }

  /** Appends a command. Called by the pass. */
  add(command: Command): void {
    this.commands.push(command);
  }

  /** Closes the pass. Called by the pass. */
  endPass(timestamp: TimestampCommand | undefined, check: () => void): void {
    if (this.state === 'in a pass') this.state = 'open';
    this.attempt('end', () => {
      check();
      if (timestamp) this.add(timestamp);
    });
  }

  private record(call: string, work: () => void): void {
    if (this.state === 'finished') {
      this.context.errors.report('validation', `${this} is already finished: cannot record ${call}.`);
      return;
    }
    this.attempt(`${this}.${call}`, () => {
      if (this.state === 'in a pass') broken(`${this} is locked while a pass is open.`);
      work();
    });
  }

  private checkTimestamps(querySet: WasmQuerySet, begin: number | undefined, end: number | undefined): void {
    expectUsable(this.context, querySet);
    if (querySet.type !== 'timestamp') broken(`${querySet} is of type '${querySet.type}', expected 'timestamp'.`);
    if (begin === undefined && end === undefined)
      broken('timestampWrites has neither beginningOfPassWriteIndex nor endOfPassWriteIndex.');
    if (begin === end) broken(`Both timestamps are written to query ${begin}.`);
    for (const index of [begin, end])
      if (index !== undefined && index >= querySet.count)
        broken(`Query index ${index} exceeds the number of queries (${querySet.count}) in ${querySet}.`);
  }
}

function checkCopyRange(what: string, { buffer, offset, size }: BoundRange): void {
  if (size % 4 !== 0) broken(`${what} size (${size}) is not a multiple of 4.`);
  if (offset % 4 !== 0) broken(`${what} offset (${offset}) is not a multiple of 4.`);
  if (offset + size > buffer.size)
    broken(`${what} range (offset: ${offset}, size: ${size}) does not fit in the size (${buffer.size}) of ${buffer}.`);
}
