import { availableCores, type DecodedImage, type DecodeOptions, decodeImage, readFile } from '#platform';
import { InputError } from '../errors/index.ts';

export interface LoadedImage {
  /** Index into the list of paths. */
  readonly index: number;
  readonly path: string;
  readonly image: DecodedImage;
  /** Time to read and decode the image. */
  readonly decodeMs: number;
}

export interface SkippedImage {
  readonly path: string;
  readonly reason: string;
}

export interface LoaderOptions {
  /** Indices of the paths to load, in order. All paths in their own order by default. */
  readonly order?: ArrayLike<number>;
  /** How many images are loaded ahead of the consumer; two per core by default. Fewer if the images are large. */
  readonly ahead?: number;
  readonly signal?: AbortSignal;
  /** Reads a file's bytes; from the file system by default. */
  readonly read?: (path: string) => Promise<Uint8Array>;
  readonly decode?: DecodeOptions;
}

/** Far more than any X-ray needs: 64 megapixels of 8 bits, uncompressed. */
const MAX_IMAGE_BYTES = 64e6;

/**
 * Memory for images loaded ahead, estimated from the largest image so far. Enough for five X-rays at full detector
 * resolution.
 */
const AHEAD_BYTES = 96e6;
/** How many are loaded before the first image's size is known: as many as Node decodes in parallel. */
const FIRST_AHEAD = 4;

/**
 * Decodes images ahead of the consumer and yields them in order.
 *
 * Memory use is bounded: at most `ahead` images wait, fewer if they are large. A file that cannot be read or decoded is
 * skipped and listed in `skipped`. Leaving the loop early stops decoding.
 *
 * @throws the signal's reason, between two images
 */
export class ImageLoader implements AsyncIterable<LoadedImage> {
  readonly skipped: SkippedImage[] = [];
  private readonly paths: readonly string[];
  private readonly options: LoaderOptions;
  private largestBytes = 0;

  constructor(paths: readonly string[], options: LoaderOptions = {}) {
    this.paths = paths;
    this.options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoadedImage> {
    const { order = this.paths.map((_, i) => i), ahead = 2 * availableCores(), signal } = this.options;
    const queue: Promise<LoadedImage | Failure>[] = [];
    let next = 0;
    const fill = () => {
      while (queue.length < this.roomFor(ahead) && next < order.length) queue.push(this.load(order[next++]!));
    };
    try {
      for (fill(); queue.length > 0; ) {
        signal?.throwIfAborted();
        const result = await queue.shift()!;
        signal?.throwIfAborted();
        fill();
        if ('error' in result) this.skip(result);
        else yield result;
      }
    } finally {
      await Promise.all(queue);
    }
  }

  /** Yields groups of `size` images. The last group may be shorter. Skipped files leave no gaps. */
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

  private roomFor(ahead: number): number {
    const most = this.largestBytes === 0 ? FIRST_AHEAD : Math.floor(AHEAD_BYTES / this.largestBytes);
    return Math.max(1, Math.min(ahead, most));
  }

  /** Loads an image. Never rejects, because a rejected promise in the queue would count as unhandled. */
  private async load(index: number): Promise<LoadedImage | Failure> {
    const path = this.paths[index]!;
    const startedMs = performance.now();
    try {
      const bytes = await (this.options.read ?? readImageFile)(path);
      this.options.signal?.throwIfAborted();
      const image = await decodeImage(bytes, path, this.options.decode);
      this.largestBytes = Math.max(this.largestBytes, image.pixels.length);
      return { index, path, image, decodeMs: performance.now() - startedMs };
    } catch (error) {
      return { path, error };
    }
  }

  private skip({ path, error }: Failure): void {
    if (!(error instanceof InputError)) throw error;
    const { message } = error;
    this.skipped.push({ path, reason: message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message });
  }
}

/** Reads an image file. @throws InputError  larger than any image, or it cannot be read */
export function readImageFile(path: string): Promise<Uint8Array> {
  return readFile(path, MAX_IMAGE_BYTES);
}

interface Failure {
  readonly path: string;
  readonly error: unknown;
}
