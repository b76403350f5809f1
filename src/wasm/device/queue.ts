import { ApiObject } from './api_object.ts';
import type { WasmBuffer } from './buffer.ts';
import type { WasmCommandBuffer } from './command_encoder.ts';
import type { Command } from './commands.ts';
import { BUFFER_USAGE } from './constants.ts';
import { type Context, expectUsable } from './context.ts';
import { BrokenRule, broken, notForCompute, operationError, wholeNumber } from './errors.ts';
import { ProgramWriter } from './program_writer.ts';
import type { WasmQuerySet } from './query_set.ts';

/** Submits that copy at most this much run on the calling thread: a message to a worker would take longer. */
const SMALL_COPY_BYTES = 1 << 20;

export class WasmQueue extends ApiObject implements GPUQueue {
  declare readonly __brand: 'GPUQueue';
  private readonly writer: ProgramWriter;

  constructor(context: Context, label: string | undefined) {
    super('Queue', context, label);
    this.writer = new ProgramWriter(context.heap, context.executor, context.timeline);
  }

  submit(commandBuffers: Iterable<GPUCommandBuffer>): undefined {
    const { context } = this;
    const buffers = [...commandBuffers] as WasmCommandBuffer[];
    if (context.lost) return;
    context.errors.guard(`${this}.submit([${buffers.join(', ')}])`, () => {
      const commands: Command[] = [];
      for (const buffer of buffers) {
        expectUsable(context, buffer);
        if (buffer.submitted || buffers.filter(other => other === buffer).length > 1)
          broken(`${buffer} cannot be submitted more than once.`);
        for (const command of buffer.commands) commands.push(command);
      }
      const used = usedBy(commands);
      for (const buffer of used.buffers) buffer.expectReady();
      for (const querySet of used.querySets)
        if (querySet.destroyed) broken(`${querySet} used in submit while destroyed.`);
      for (const buffer of buffers) buffer.submitted = true;
      if (commands.length === 0) return;
      const serial = this.enqueue(commands);
      for (const object of [...used.buffers, ...used.querySets]) object.usedBy(serial);
    });
  }

  writeBuffer(
    buffer: GPUBuffer,
    bufferOffset: number,
    data: GPUAllowSharedBufferSource,
    dataOffset = 0,
    size?: number,
  ): undefined {
    const { context } = this;
    const target = buffer as WasmBuffer;
    const offset = wholeNumber(bufferOffset, 'bufferOffset');
    const bytes = bytesOf(data, wholeNumber(dataOffset, 'dataOffset'), size);
    if (context.lost) return;
    context.errors.guard(`${this}.writeBuffer(${target}, ${offset}, ${bytes.length} bytes)`, () => {
      expectUsable(context, target);
      target.expectUsage(BUFFER_USAGE.COPY_DST);
      if (offset % 4 !== 0) broken(`Write offset (${offset}) is not a multiple of 4.`);
      if (offset + bytes.length > target.size)
        broken(
          `Write range (bufferOffset: ${offset}, size: ${bytes.length}) does not fit in the size (${target.size}) of ${target}.`,
        );
      target.expectReady();
      if (bytes.length === 0) return;
      const address = target.address + offset;
      const write = (source: Uint8Array) => context.heap.bytes(address, source.length).set(source);
      // If no queued work uses the buffer, the write can happen immediately.
      if (target.idle) return write(bytes);
      const kept = bytes.slice();
      target.usedBy(context.timeline.enqueue(() => write(kept)));
    });
  }

  async onSubmittedWorkDone(): Promise<undefined> {
    const { timeline } = this.context;
    await new Promise<void>(resolve => timeline.after(timeline.enqueued, resolve));
    return undefined;
  }

  writeTexture(): never {
    notForCompute('writeTexture');
  }

  copyExternalImageToTexture(): never {
    notForCompute('copyExternalImageToTexture');
  }

  private enqueue(commands: readonly Command[]): number {
    const { heap, executor, timeline } = this.context;
    const copies = smallCopies(commands);
    if (copies)
      return timeline.enqueue(() => {
        for (const copy of copies) this.copyHere(copy);
      });
    const written = this.writer.write(commands);
    if (!written)
      throw new BrokenRule(
        `Out of memory for the ${commands.length} commands of a submit: ${heap.use.usedBytes} bytes are in use.`,
        'out-of-memory',
      );
    return timeline.enqueue(async () => {
      await executor.execute(written.program);
      executor.retire(written.release);
    });
  }

  private copyHere({ from, to, size }: Copy): void {
    const { heap } = this.context;
    if (from === undefined) heap.bytes(to, size).fill(0);
    else heap.bytes(to, size).set(heap.bytes(from, size));
  }
}

/** A copy, by address: the buffers may be destroyed before it runs. */
interface Copy {
  /** Absent to write zeros. */
  readonly from: number | undefined;
  readonly to: number;
  readonly size: number;
}

/** Returns the copies of a submit if it contains nothing else and they are small, otherwise undefined. */
function smallCopies(commands: readonly Command[]): readonly Copy[] | undefined {
  const copies: Copy[] = [];
  let bytes = 0;
  for (const command of commands) {
    if (command.kind === 'dispatch' || command.kind === 'timestamp') return undefined;
    const { buffer, offset, size } = command.to;
    bytes += size;
    if (bytes > SMALL_COPY_BYTES) return undefined;
    copies.push({ from: sourceOf(command), to: buffer.address + offset, size });
  }
  return copies;
}

function sourceOf(command: Extract<Command, { kind: 'copy' | 'clear' | 'resolve' }>): number | undefined {
  if (command.kind === 'clear') return undefined;
  if (command.kind === 'resolve') return command.querySet.addressOf(command.first);
  return command.from.buffer.address + command.from.offset;
}

function usedBy(commands: readonly Command[]): { buffers: Set<WasmBuffer>; querySets: Set<WasmQuerySet> } {
  const buffers = new Set<WasmBuffer>();
  const querySets = new Set<WasmQuerySet>();
  for (const command of commands) {
    if (command.kind === 'timestamp' || command.kind === 'resolve') querySets.add(command.querySet);
    if (command.kind === 'copy') buffers.add(command.from.buffer);
    if (command.kind === 'dispatch') {
      for (const { buffer } of command.bindings) buffers.add(buffer);
      if ('buffer' in command.workgroups) buffers.add(command.workgroups.buffer);
    } else if (command.kind !== 'timestamp') buffers.add(command.to.buffer);
  }
  return { buffers, querySets };
}

/**
 * Returns the bytes to write. `dataOffset` and `size` count elements of a typed array, otherwise bytes.
 *
 * @throws DOMException | TypeError
 */
function bytesOf(data: GPUAllowSharedBufferSource, dataOffset: number, size: number | undefined): Uint8Array {
  const isView = ArrayBuffer.isView(data);
  if (
    !isView &&
    !(data instanceof ArrayBuffer) &&
    !(typeof SharedArrayBuffer === 'function' && data instanceof SharedArrayBuffer)
  )
    throw new TypeError('writeBuffer: data must be an ArrayBuffer, a SharedArrayBuffer or a view of one');
  const unit = isView && 'BYTES_PER_ELEMENT' in data ? (data.BYTES_PER_ELEMENT as number) : 1;
  const length = data.byteLength / unit;
  const count = size === undefined ? length - dataOffset : wholeNumber(size, 'size');
  if (count < 0 || dataOffset + count > length)
    throw operationError(
      `writeBuffer: data range (dataOffset: ${dataOffset}, size: ${count}) does not fit in the ${length} elements of data.`,
    );
  if ((count * unit) % 4 !== 0)
    throw operationError(`writeBuffer: size (${count * unit} bytes) is not a multiple of 4.`);
  const [buffer, start] = isView ? [data.buffer, data.byteOffset] : [data as ArrayBuffer, 0];
  return new Uint8Array(buffer, start + dataOffset * unit, count * unit);
}
