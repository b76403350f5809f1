import type { ProgramLayout } from './program_layout.ts';

/** Why a thread returned: other threads finish the program, this thread finished it, or the deadline passed. */
export type Outcome = 'left' | 'finished' | 'paused';

/** Runs one thread's share of programs. */
export interface Runner {
  addKernel(id: number, module: WebAssembly.Module): void;
  removeKernel(id: number): void;
  /**
   * Works on the program at an address until it is done or the deadline passes.
   *
   * @throws the error of a kernel that trapped
   */
  run(program: number, deadline: number): Outcome;
}

/**
 * Creates a thread's runner. Workers run this function's source text, so it may use only its arguments and the
 * language's globals, and all its helpers are nested in it.
 *
 * @param thread  from 0
 * @param now  returns nanoseconds on a clock that all threads share
 */
export function createRunner(
  layout: ProgramLayout,
  memory: WebAssembly.Memory,
  thread: number,
  now: () => number,
): Runner {
  type Kernel = (args: number, first: number, count: number) => void;
  const modules = new Map<number, WebAssembly.Module>();
  const kernels = new Map<number, Kernel>();
  const L = layout;
  let words = new Int32Array(0);

  function kernelOf(id: number): Kernel {
    let kernel = kernels.get(id);
    if (!kernel) {
      const { exports } = new WebAssembly.Instance(modules.get(id)!, { env: { memory } });
      kernel = exports.run as Kernel;
      kernels.set(id, kernel);
    }
    return kernel;
  }

  /** Copies a dispatch's arguments to this thread's memory, sets their scratch address, and returns their address. */
  function argumentsOf(command: number): number {
    const own = (words[L.SLOTS]! >>> 0) + thread * words[L.SLOT_BYTES]!;
    const count = words[command + L.ARGUMENT_WORDS]!;
    const from = new Int32Array(memory.buffer, words[command + L.ARGUMENTS]! >>> 0, count);
    const to = new Int32Array(memory.buffer, own, count);
    to.set(from);
    to[3] = own + words[L.ARGUMENT_BYTES]!;
    return own;
  }

  function bytes(address: number, size: number): Uint8Array {
    return new Uint8Array(memory.buffer, address, size);
  }

  function copy(command: number, first: number, count: number): void {
    const begin = first * L.COPY_BYTES;
    const size = Math.min((words[command + L.BYTES]! >>> 0) - begin, count * L.COPY_BYTES);
    const target = bytes((words[command + L.TO]! >>> 0) + begin, size);
    if (words[command + L.KIND] === L.ZERO) target.fill(0);
    else target.set(bytes((words[command + L.FROM]! >>> 0) + begin, size));
  }

  /** Reads the next command's workgroup counts. Too many along one dimension dispatch nothing, as in WebGPU. */
  function readIndirect(command: number): void {
    const counts = new Uint32Array(memory.buffer, words[command + L.FROM]! >>> 0, 3);
    const [x, y, z] = [counts[0]!, counts[1]!, counts[2]!];
    const most = words[command + L.BYTES]!;
    const next = command + L.COMMAND;
    const product = x * y * z;
    const total = x > most || y > most || z > most || product > 0x3fffffff ? 0 : product;
    words[next + L.TOTAL] = total;
    words[next + L.CHUNK] = Math.max(1, Math.ceil(total / words[command + L.TO]!));
    new Uint32Array(memory.buffer, words[next + L.ARGUMENTS]! >>> 0, 3).set([x, y, z]);
  }

  function executeOther(command: number, first: number, count: number): void {
    const kind = words[command + L.KIND];
    if (kind === L.COPY || kind === L.ZERO) copy(command, first, count);
    else if (kind === L.INDIRECT) readIndirect(command);
    else new BigUint64Array(memory.buffer, words[command + L.TO]! >>> 0, 1)[0] = BigInt(Math.round(now()));
  }

  /** Advances to the next command, wakes threads that can help with it, and returns its index. */
  function advance(from: number): number {
    const command = L.HEADER + from * L.COMMAND;
    const empty = words[command + L.KIND] === L.INDIRECT && words[command + L.COMMAND + L.TOTAL] === 0;
    const next = from + (empty ? 2 : 1);
    Atomics.store(words, L.CURRENT, next);
    if (Atomics.load(words, L.SLEEPERS) === 0) return next;
    if (next >= words[L.COMMANDS]!) Atomics.notify(words, L.CURRENT);
    else {
      const target = L.HEADER + next * L.COMMAND;
      const helpers = Math.ceil(words[target + L.TOTAL]! / words[target + L.CHUNK]!) - 1;
      if (helpers > 0) Atomics.notify(words, L.CURRENT, helpers);
    }
    return next;
  }

  function waitPast(current: number): void {
    for (let i = 0; i < L.SPINS; i++) if (Atomics.load(words, L.CURRENT) !== current) return;
    Atomics.add(words, L.SLEEPERS, 1);
    Atomics.wait(words, L.CURRENT, current);
    Atomics.sub(words, L.SLEEPERS, 1);
  }

  /**
   * Executes units of a command until none are left or the deadline passes. Returns true if this thread finished the
   * command.
   */
  function work(command: number, deadline: number): boolean {
    const total = words[command + L.TOTAL]!;
    const chunk = words[command + L.CHUNK]!;
    let first = Atomics.add(words, command + L.NEXT, chunk);
    if (first >= total) return false;
    const isDispatch = words[command + L.KIND] === L.DISPATCH;
    const kernel = isDispatch ? kernelOf(words[command + L.KERNEL]!) : undefined;
    const own = isDispatch ? argumentsOf(command) : 0;
    for (;;) {
      const count = Math.min(chunk, total - first);
      if (kernel) kernel(own, first, count);
      else executeOther(command, first, count);
      if (Atomics.add(words, command + L.FINISHED, count) + count === total) return true;
      if (deadline < Number.POSITIVE_INFINITY && now() > deadline) return false;
      first = Atomics.add(words, command + L.NEXT, chunk);
      if (first >= total) return false;
    }
  }

  function run(program: number, deadline: number): Outcome {
    const count = new Int32Array(memory.buffer, program, L.HEADER)[L.COMMANDS]!;
    words = new Int32Array(memory.buffer, program, L.HEADER + count * L.COMMAND);
    const sliced = deadline < Number.POSITIVE_INFINITY;
    for (;;) {
      const current = Atomics.load(words, L.CURRENT);
      if (current >= count) return 'left';
      if (work(L.HEADER + current * L.COMMAND, deadline)) {
        if (advance(current) >= count) return 'finished';
      } else if (!sliced) waitPast(current);
      if (sliced && now() > deadline) return 'paused';
    }
  }

  return {
    addKernel: (id, module) => modules.set(id, module),
    removeKernel: id => {
      modules.delete(id);
      kernels.delete(id);
    },
    run,
  };
}
