import {
  availableCores,
  type DecodedImage,
  type DecodeOptions,
  decodeImage,
  type PipeOptions,
  readFile,
} from '#platform';
import { withoutPath } from '../errors/escape_controls.ts';
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

/** A note of a decoder. */
export interface ImageNote {
  /** A clause that follows an image's name: `was read as 12 of 16 bits, …`. */
  readonly note: string;
  /** Number of images to which it applies. */
  readonly images: number;
  /** Path of the first of them. */
  readonly example: string;
}

/** Collects the notes on many images. Equal notes are counted, so that a million images need no memory for them. */
class ImageNotes {
  private readonly byText = new Map<string, ImageNote>();

  add(path: string, { notes = [] }: DecodedImage): void {
    for (const note of notes) {
      const known = this.byText.get(note);
      this.byText.set(note, { note, images: (known?.images ?? 0) + 1, example: known?.example ?? path });
    }
  }

  list(): ImageNote[] {
    return [...this.byText.values()];
  }
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
export const MAX_IMAGE_BYTES = 64e6;

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
  /** The decoders' notes on the images so far. */
  readonly notes = new ImageNotes();
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
        if ('error' in result) this.skip(result.path, result.error);
        else {
          this.notes.add(result.path, result.image);
          yield result;
        }
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
      const bytes = await (this.options.read?.(path) ?? readImageFile(path));
      this.options.signal?.throwIfAborted();
      const image = await decodeImage(bytes, path, this.options.decode);
      this.largestBytes = Math.max(this.largestBytes, image.pixels.length);
      return { index, path, image, decodeMs: performance.now() - startedMs };
    } catch (error) {
      return { path, error };
    }
  }

  /**
   * Adds an image to `skipped`. For a loaded image that turned out not to be usable, call it while iterating.
   *
   * @throws the error, if it is not about this image
   */
  skip(path: string, error: unknown): void {
    if (!(error instanceof InputError)) throw error;
    const { message } = error;
    const reason = message.startsWith('image: ') ? message.slice('image: '.length) : withoutPath(message, path);
    this.skipped.push({ path, reason });
  }
}

/** Reads an image file. @throws InputError  larger than any image, or it cannot be read */
export function readImageFile(path: string, pipe?: PipeOptions): Promise<Uint8Array> {
  return readFile(path, MAX_IMAGE_BYTES, pipe);
}

interface Failure {
  readonly path: string;
  readonly error: unknown;
}
