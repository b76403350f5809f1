/**
 * A program is what one submit executes, written into the device's memory as 32-bit words where every thread can read it:
 *
 *     header        HEADER words, below
 *     commands      COMMAND words each
 *     arguments     blocks as `compiled_kernel.ts` describes them, one for each dispatch
 *
 * Threads work through the commands in order. Of a command each takes `CHUNK` units at a time, counted in `NEXT`; who finishes the
 * last unit moves `CURRENT` on, and wakes those that found nothing left to take. So no thread waits for another that sleeps,
 * and a dispatch too small to share costs nobody but the thread that runs it.
 *
 * It is data, not code: it travels to the workers as JSON, beside the text of the functions that read it.
 */
export const PROGRAM_LAYOUT = {
  HEADER: 32,
  /** In the header: index of the command that runs; the number of commands when all are done. */
  CURRENT: 0,
  /** How many threads sleep until CURRENT changes; on a cache line of its own. */
  SLEEPERS: 16,
  COMMANDS: 4,
  /** Address of the threads' own memory, and bytes of each thread's: first its copy of the arguments, then scratch. */
  SLOTS: 5,
  SLOT_BYTES: 6,
  ARGUMENT_BYTES: 7,

  COMMAND: 32,
  /** In a command: what it does, its number of units, how many units are taken at once. */
  KIND: 0,
  TOTAL: 1,
  CHUNK: 2,
  /** Of a dispatch: the kernel's number, its arguments' address and length in words. */
  KERNEL: 3,
  ARGUMENTS: 4,
  ARGUMENT_WORDS: 5,
  /** Of the others: addresses and bytes. */
  FROM: 6,
  TO: 7,
  BYTES: 8,
  /** Units taken, units done; on a cache line of their own. */
  NEXT: 16,
  FINISHED: 17,

  DISPATCH: 0,
  /** A unit is COPY_BYTES. */
  COPY: 1,
  ZERO: 2,
  /** Writes the time, in nanoseconds, as u64. */
  TIMESTAMP: 3,
  /** Reads the next command's workgroups from a buffer; BYTES is the most of them along a dimension. */
  INDIRECT: 4,

  COPY_BYTES: 1 << 18,
  /**
   * How often a thread looks whether the next command has come before it sleeps. Measured on two cores, for 170 dispatches of
   * 500 kB each: 24 us a dispatch, against 31 us without; 2000 gives no more.
   */
  SPINS: 500,
} as const;

export type ProgramLayout = typeof PROGRAM_LAYOUT;
