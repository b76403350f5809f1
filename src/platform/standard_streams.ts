/** The standard streams of the process, which another program may close at any time. */
import { fileError } from './file_errors.ts';
import { collect } from './pipe.ts';
import type { PipeOptions } from './types.ts';

/** Errors of a stream whose reader has ended: a closed pipe or socket, a terminal that hung up. */
const READER_ENDED = new Set(['EPIPE', 'ECONNRESET', 'EIO']);

let isWatching = false;
let isClosed = false;

/**
 * Makes the process outlive the readers of its output: whatever is written to a closed pipe is dropped. If standard
 * output cannot be written for another reason, such as a full disk, the process says so and fails.
 */
export function surviveClosedStreams(): void {
  if (isWatching) return;
  isWatching = true;
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isClosed && !READER_ENDED.has(error.code ?? '')) {
      process.stderr.write(`raycam: ${fileError('standard output', error, 'write').message}\n`);
      process.exitCode = 1;
    }
    isClosed = true;
  });
}

/** Reports whether nobody reads standard output any more, as after `raycam … | head -1`. */
export function isStdoutClosed(): boolean {
  return isClosed;
}

/** Writes results. Resolves once they are flushed, or dropped because nobody reads them. */
export async function writeStdout(text: string): Promise<void> {
  surviveClosedStreams();
  if (isClosed) return;
  await new Promise<void>(done => process.stdout.write(text, () => done()));
}

/** Writes progress and notes. */
export function writeStderr(text: string): void {
  surviveClosedStreams();
  process.stderr.write(text);
}

/** Reports whether standard error is a terminal. */
export function isInteractive(): boolean {
  return process.stderr.isTTY === true;
}

/**
 * Reads standard input to its end. Messages call it `name`.
 *
 * @throws InputError  larger than `maxBytes`, or it cannot be read
 * @throws the signal's reason
 */
export async function readStdin(name: string, maxBytes?: number, options: PipeOptions = {}): Promise<Uint8Array> {
  const { signal } = options;
  const pieces = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  const next = async () => {
    signal?.throwIfAborted();
    const { value, done } = await Promise.race([pieces.next(), aborted]);
    return done ? undefined : value;
  };
  try {
    return await collect(next, { name, maxBytes, ...options });
  } catch (error) {
    throw signal?.aborted ? signal.reason : fileError(name, error, 'read');
  } finally {
    process.stdin.destroy();
  }
}
