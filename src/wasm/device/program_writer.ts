import type { BoundRange, Command } from './commands.ts';
import type { Executor, Program } from './execution/executor.ts';
import type { Allocation, Heap } from './execution/heap.ts';
import type { KernelHandle } from './execution/kernel_handle.ts';
import { PROGRAM_LAYOUT as L } from './execution/program_layout.ts';
import type { Timeline } from './execution/timeline.ts';

/** Writes the programs of submits to memory, where threads read them, and owns the threads' memory. */
export class ProgramWriter {
  private slots: Allocation | undefined;
  private slotBytes = 0;
  private argumentBytes = 0;

  constructor(
    private readonly heap: Heap,
    private readonly executor: Executor,
    private readonly timeline: Timeline,
  ) {}

  /**
   * Writes a program; undefined if memory has run out. Pass `release` to the executor's `retire` when the program is
   * done.
   */
  write(commands: readonly Command[]): { program: Program; release: () => void } | undefined {
    const size = sizeOf(commands);
    if (!this.reserveSlots(commands, size.widestArguments)) return undefined;
    const allocation = this.heap.allocate(4 * size.words);
    if (!allocation) return undefined;
    const { address } = allocation;
    const words = this.heap.words(address, size.words);
    words[L.COMMANDS] = size.commands;
    words[L.SLOTS] = this.slots?.address ?? 0;
    words[L.SLOT_BYTES] = this.slotBytes;
    words[L.ARGUMENT_BYTES] = this.argumentBytes;
    const writer = new CommandWriter(words, address, size.commands, this.executor.turns);
    for (const command of commands) writer.add(command);
    return {
      program: { address, kernels: writer.kernels, width: writer.width },
      release: () => this.heap.release(allocation),
    };
  }

  /**
   * Grows the threads' memory to what the commands need for arguments and scratch. Returns false if memory has run out.
   */
  private reserveSlots(commands: readonly Command[], widestArguments: number): boolean {
    let scratchBytes = this.slotBytes - this.argumentBytes;
    for (const command of commands)
      if (command.kind === 'dispatch') scratchBytes = Math.max(scratchBytes, command.kernel.scratchBytes);
    const argumentBytes = Math.max(this.argumentBytes, aligned(4 * widestArguments));
    const slotBytes = argumentBytes + aligned(scratchBytes);
    if (slotBytes <= this.slotBytes && argumentBytes === this.argumentBytes) return true;
    const grown = this.heap.allocate(slotBytes * this.executor.threads);
    if (!grown) return false;
    const old = this.slots;
    // Queued programs still use the old memory.
    if (old) this.timeline.after(this.timeline.enqueued, () => this.executor.retire(() => this.heap.release(old)));
    this.slots = grown;
    this.slotBytes = slotBytes;
    this.argumentBytes = argumentBytes;
    return true;
  }
}

class CommandWriter {
  readonly kernels = new Set<KernelHandle>();
  /** The number of chunks of the command that has most. */
  width = 1;
  private index = 0;
  private argumentsAt: number;

  constructor(
    private readonly words: Int32Array,
    private readonly address: number,
    commands: number,
    private readonly turns: number,
  ) {
    this.argumentsAt = L.HEADER + commands * L.COMMAND;
  }

  add(command: Command): void {
    if (command.kind === 'dispatch') this.dispatch(command);
    else if (command.kind === 'timestamp') this.stamp(command.querySet.addressOf(command.index));
    else if (command.kind === 'clear') this.transfer(L.ZERO, 0, command.to);
    else if (command.kind === 'copy') this.transfer(L.COPY, addressOf(command.from), command.to);
    else this.transfer(L.COPY, command.querySet.addressOf(command.first), command.to);
  }

  private dispatch({ kernel, bindings, workgroups }: Extract<Command, { kind: 'dispatch' }>): void {
    this.kernels.add(kernel);
    let counts: readonly [number, number, number] = [0, 0, 0];
    if ('buffer' in workgroups) {
      const at = this.next(L.INDIRECT, 1, 1);
      this.words[at + L.FROM] = workgroups.buffer.address + workgroups.offset;
      this.words[at + L.TO] = this.turns;
      this.words[at + L.BYTES] = workgroups.most;
      this.width = this.turns;
    } else counts = workgroups;
    const total = counts[0] * counts[1] * counts[2];
    const at = this.next(L.DISPATCH, total, Math.ceil(total / this.turns));
    const { words, argumentsAt } = this;
    words[at + L.KERNEL] = kernel.id;
    words[at + L.ARGUMENTS] = this.address + 4 * argumentsAt;
    words[at + L.ARGUMENT_WORDS] = 4 + 2 * bindings.length;
    words.set(counts, argumentsAt);
    bindings.forEach((binding, i) => {
      words[argumentsAt + 4 + 2 * i] = addressOf(binding);
      words[argumentsAt + 5 + 2 * i] = binding.size;
    });
    this.argumentsAt += 4 + 2 * bindings.length;
  }

  private transfer(kind: number, from: number, to: BoundRange): void {
    const at = this.next(kind, Math.ceil(to.size / L.COPY_BYTES), 1);
    this.words[at + L.FROM] = from;
    this.words[at + L.TO] = addressOf(to);
    this.words[at + L.BYTES] = to.size;
  }

  private stamp(address: number): void {
    this.words[this.next(L.TIMESTAMP, 1, 1) + L.TO] = address;
  }

  private next(kind: number, total: number, chunk: number): number {
    const at = L.HEADER + this.index++ * L.COMMAND;
    this.words[at + L.KIND] = kind;
    this.words[at + L.TOTAL] = total;
    this.words[at + L.CHUNK] = Math.max(1, chunk);
    if (total > 0) this.width = Math.max(this.width, Math.ceil(total / Math.max(1, chunk)));
    return at;
  }
}

function sizeOf(commands: readonly Command[]): { commands: number; words: number; widestArguments: number } {
  let count = 0;
  let argumentWords = 0;
  let widestArguments = 0;
  for (const command of commands) {
    count++;
    if (command.kind !== 'dispatch') continue;
    if ('buffer' in command.workgroups) count++;
    const own = 4 + 2 * command.bindings.length;
    argumentWords += own;
    widestArguments = Math.max(widestArguments, own);
  }
  return { commands: count, words: L.HEADER + count * L.COMMAND + argumentWords, widestArguments };
}

function addressOf({ buffer, offset }: BoundRange): number {
  return buffer.address + offset;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
