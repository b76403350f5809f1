import { availableCores, type DecodedImage, decodeImage, readFile } from '#platform';
import { InputError } from '../errors/index.ts';

export interface LoadedImage {
  /** Into the list of paths. */
  readonly index: number;
  readonly path: string;
  readonly image: DecodedImage;
  /** Reading and decoding took so long. */
  readonly decodeMs: number;
}

export interface SkippedImage {
  readonly path: string;
  readonly reason: string;
}

export interface LoaderOptions {
  /** Which paths, in which order; all as listed by default. */
  readonly order?: ArrayLike<number>;
  /** How many images are read and decoded before they are asked for; two per core by default. Fewer where they are large. */
  readonly ahead?: number;
  readonly signal?: AbortSignal;
  /** Where bytes come from; the file system by default. */
  readonly read?: (path: string) => Promise<Uint8Array>;
}

/** No X-ray comes near: 64 megapixels of 8 bits, uncompressed. */
const MAX_IMAGE_BYTES = 64e6;

/** What decoded images that wait may take, by the largest seen so far: five X-rays as they come from the detector. */
const AHEAD_BYTES = 96e6;
/** How many are started before the first has told its size: as many as Node decodes at once. */
const FIRST_AHEAD = 4;

/**
 * Decodes images ahead of whoever uses them, and yields them in order.
 *
 * Memory is level: at most `ahead` images wait besides those yielded, and of large ones fewer. A file that cannot be read or decoded is passed
 * over and named in `skipped`. Leaving the loop early stops the decoding.
 *
 * @throws the signal's reason, between two images
 */
export class ImageLoader implements AsyncIterable<LoadedImage> {
  readonly skipped: SkippedImage[] = [];
  readonly #paths: readonly string[];
  readonly #options: LoaderOptions;
  #largestBytes = 0;

  constructor(paths: readonly string[], options: LoaderOptions = {}) {
    this.#paths = paths;
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoadedImage> {
    const { order = this.#paths.map((_, i) => i), ahead = 2 * availableCores(), signal } = this.#options;
    const queue: Promise<LoadedImage | Failure>[] = [];
    let next = 0;
    const fill = () => {
      while (queue.length < this.#roomFor(ahead) && next < order.length) queue.push(this.#load(order[next++]!));
    };
    try {
      for (fill(); queue.length > 0; ) {
        signal?.throwIfAborted();
        const result = await queue.shift()!;
        signal?.throwIfAborted();
        fill();
        if ('error' in result) this.#skip(result);
        else yield result;
      }
    } finally {
      await Promise.all(queue);
    }
  }

  /** The same in groups of `size`, the last one shorter; skipped files leave no gaps. */
  async *batches(size: number): AsyncGenerator<LoadedImage[]> {
    let batch: LoadedImage[] = [];
    for await (const loaded of this) {
      batch.push(loaded);
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  #roomFor(ahead: number): number {
    const most = this.#largestBytes === 0 ? FIRST_AHEAD : Math.floor(AHEAD_BYTES / this.#largestBytes);
    return Math.max(1, Math.min(ahead, most));
  }

  /** Never rejects: a promise that waits in the queue must not be an unhandled rejection. */
  async #load(index: number): Promise<LoadedImage | Failure> {
    const path = this.#paths[index]!;
    const startedMs = performance.now();
    try {
      const bytes = await (this.#options.read ?? readImageFile)(path);
      this.#options.signal?.throwIfAborted();
      const image = await decodeImage(bytes, path);
      this.#largestBytes = Math.max(this.#largestBytes, image.pixels.length);
      return { index, path, image, decodeMs: performance.now() - startedMs };
    } catch (error) {
      return { path, error };
    }
  }

  #skip({ path, error }: Failure): void {
    if (!(error instanceof InputError)) throw error;
    const { message } = error;
    this.skipped.push({ path, reason: message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message });
  }
}

/** The bytes of a file that may be an image: one that cannot be is not read. @throws InputError */
export function readImageFile(path: string): Promise<Uint8Array> {
  return readFile(path, MAX_IMAGE_BYTES);
}

interface Failure {
  readonly path: string;
  readonly error: unknown;
}
