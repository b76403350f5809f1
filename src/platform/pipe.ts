import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../errors/index.ts';
import { fileError } from './file_errors.ts';
import type { PipeOptions } from './types.ts';

const PIECE_BYTES = 65_536;
/** How often a pipe without data is asked again. */
const POLL_MS = 10;
/** After this time without data, `onWait` is called. */
const WAIT_NOTE_MS = 3000;

/**
 * Reads what a shell pipes in, as in `raycam predict <(…)`. Waits as long as the pipe has a writer. A pipe without a
 * writer counts as empty at once.
 *
 * @throws InputError  more than `maxBytes`
 * @throws the signal's reason
 */
export function readPipe(
  handle: FileHandle,
  options: PipeOptions & { readonly name: string; readonly maxBytes?: number },
): Promise<Uint8Array> {
  const next = async () => {
    for (;;) {
      options.signal?.throwIfAborted();
      const buffer = Buffer.alloc(PIECE_BYTES);
      const bytesRead = await handle.read(buffer).then(
        read => read.bytesRead,
        error => (error.code === 'EAGAIN' ? undefined : Promise.reject(fileError(options.name, error, 'read'))),
      );
      if (bytesRead !== undefined) return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
      await new Promise(resolve => setTimeout(resolve, POLL_MS));
    }
  };
  return collect(next, options);
}

/**
 * Joins the pieces that `next` returns until it returns undefined.
 *
 * @throws InputError  they have more than `maxBytes` bytes
 */
export async function collect(
  next: () => Promise<Uint8Array | undefined>,
  {
    name,
    maxBytes = Number.POSITIVE_INFINITY,
    onWait,
  }: PipeOptions & { readonly name: string; readonly maxBytes?: number },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  let waited = false;
  const timer = setTimeout(() => {
    waited = true;
    onWait?.();
  }, WAIT_NOTE_MS);
  try {
    for (let piece = await next(); piece !== undefined; piece = await next()) {
      if (!waited) timer.refresh(); // a timer that has fired would start again
      pieces.push(piece);
      sizeBytes += piece.length;
      if (sizeBytes > maxBytes) throw tooLarge(name, sizeBytes, maxBytes);
    }
  } finally {
    clearTimeout(timer);
  }
  const joined = Buffer.concat(pieces);
  return new Uint8Array(joined.buffer, joined.byteOffset, joined.length);
}

export function tooLarge(path: string, sizeBytes: number, maxBytes: number): InputError {
  const [size, most] = [sizeBytes, maxBytes].map(bytes => (bytes / 1e6).toFixed(0));
  return new InputError(`${path}: is too large (${size} MB; the limit is ${most} MB). Check that it is the right file`);
}
