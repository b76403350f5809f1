/**
 * The layout of a program: the work of one submit, written to the device's memory as 32-bit words that every thread can
 * read.
 *
 *     header        HEADER words, below
 *     commands      COMMAND words each
 *     arguments     one block per dispatch, as `compiled_kernel.ts` describes it
 *
 * Threads work through the commands in order. A command consists of units, such as workgroups. Each thread takes
 * `CHUNK` units at a time and counts them in `NEXT`. The thread that finishes the last unit advances `CURRENT` and
 * wakes the threads that found no units left. So no thread waits for a sleeping thread, and a dispatch that is too
 * small to share occupies only the thread that runs it.
 *
 * The layout is data, not code: workers receive it as JSON, together with the source text of the functions that read
 * it.
 */
export const PROGRAM_LAYOUT = {
  HEADER: 32,
  /** Header: the index of the current command; the number of commands when all are done. */
  CURRENT: 0,
  /** The number of threads that sleep until CURRENT changes; on its own cache line. */
  SLEEPERS: 16,
  COMMANDS: 4,
  /** The address of the threads' own memory, and its size per thread: a copy of the arguments, then scratch memory. */
  SLOTS: 5,
  SLOT_BYTES: 6,
  ARGUMENT_BYTES: 7,

  COMMAND: 32,
  /** Command: what it does, its number of units, and how many units a thread takes at once. */
  KIND: 0,
  TOTAL: 1,
  CHUNK: 2,
  /** Dispatch: the kernel's id, and the address and length in words of its arguments. */
  KERNEL: 3,
  ARGUMENTS: 4,
  ARGUMENT_WORDS: 5,
  /** Other commands: addresses and number of bytes. */
  FROM: 6,
  TO: 7,
  BYTES: 8,
  /** The numbers of units taken and done; on their own cache line. */
  NEXT: 16,
  FINISHED: 17,

  DISPATCH: 0,
  /** Copies bytes. A unit is COPY_BYTES. */
  COPY: 1,
  ZERO: 2,
  /** Writes the time in nanoseconds, as u64. */
  TIMESTAMP: 3,
  /**
   * Reads the next command's workgroup counts from a buffer. BYTES is the limit per dimension, TO the number of chunks.
   */
  INDIRECT: 4,

  COPY_BYTES: 1 << 18,
  /**
   * How often a thread polls for the next command before it sleeps. Measured on two cores with 170 dispatches of 500 kB
   * each: 24 us per dispatch, 31 us without polling. 2000 is not faster.
   */
  SPINS: 500,
} as const;

export type ProgramLayout = typeof PROGRAM_LAYOUT;
