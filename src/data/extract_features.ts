import { availableCores, type DecodedImage, type FileStatus } from '#platform';
import { InputError, ShapeError } from '../errors.ts';
import { type FeatureStore, hashPixels } from './feature_store.ts';
import { ImageLoader, type SkippedImage } from './loader.ts';

/** One row to compute. */
export interface FeatureRequest {
  readonly image: DecodedImage;
  /** Of the image; a seed for random augmentation that does not depend on the run. */
  readonly pixelsHash: string;
  readonly augmentation: unknown;
}

export interface ExtractOptions {
  readonly paths: readonly string[];
  readonly store: FeatureStore;
  /** Rows [requests.length, dimension] for a batch. */
  readonly compute: (requests: readonly FeatureRequest[]) => Promise<Float32Array>;
  readonly batchSize?: number;
  /** One row per image and entry, each anything JSON holds; `[null]`, no augmentation, by default. */
  readonly augmentations?: readonly unknown[];
  readonly signal?: AbortSignal;
  /** Where an image's bytes come from; the file system by default. */
  readonly read?: (path: string) => Promise<Uint8Array>;
  readonly onProgress?: (progress: ExtractProgress) => void;
}

export interface ExtractProgress {
  /** Images dealt with, of `total`. */
  readonly done: number;
  readonly total: number;
}

export interface ExtractedFeatures {
  /** By image and augmentation; undefined for a skipped image. */
  readonly keys: readonly (readonly string[] | undefined)[];
  readonly skipped: readonly SkippedImage[];
  /** Rows that were computed now; the others were there. */
  readonly computed: number;
  readonly decoded: number;
}

const DEFAULT_BATCH = 8;

/** How many files are looked up at once. */
const STATUS_AT_ONCE = 64;

/**
 * Makes sure the store has the features of these images, and says under which keys.
 *
 * An image whose file is unchanged since an earlier run is not opened. What is computed survives an interruption up to
 * the store's last flush, and everything is flushed before this returns or throws.
 *
 * @throws the signal's reason; whatever `compute` throws
 */
export async function extractFeatures(options: ExtractOptions): Promise<ExtractedFeatures> {
  const work = new Extraction(options);
  try {
    await work.takeKnown();
    await work.computeMissing();
  } finally {
    await options.store.flush();
  }
  return work.result();
}

class Extraction {
  readonly #options: ExtractOptions;
  readonly #keys: (readonly string[] | undefined)[];
  readonly #statuses = new Map<number, FileStatus>();
  #skipped: readonly SkippedImage[] = [];
  #waiting: (FeatureRequest & { key: string })[] = [];
  #done = 0;
  #computed = 0;
  #decoded = 0;

  constructor(options: ExtractOptions) {
    this.#options = options;
    this.#keys = options.paths.map(() => undefined);
  }

  /** Images whose file and rows the store knows. */
  async takeKnown(): Promise<void> {
    const { paths, store, signal } = this.#options;
    for (let start = 0; start < paths.length; start += STATUS_AT_ONCE) {
      signal?.throwIfAborted();
      const group = paths.slice(start, start + STATUS_AT_ONCE);
      await Promise.all(group.map((path, i) => this.#lookUp(path, start + i, store)));
    }
    await this.#checkKnown(store);
    this.#report();
  }

  /** Rows that a disk has changed since are computed again. */
  async #checkKnown(store: FeatureStore): Promise<void> {
    await store.verify(this.#keys.flatMap(keys => keys ?? []));
    this.#keys.forEach((keys, index) => {
      if (keys === undefined || keys.every(key => store.has(key))) return;
      this.#keys[index] = undefined;
      this.#done--;
    });
  }

  /** A file that cannot be looked up is left to the loader, which names and skips it. */
  async #lookUp(path: string, index: number, store: FeatureStore): Promise<void> {
    const known = await store.pixelsHashOfFile(path).catch(error => {
      if (error instanceof InputError) return undefined;
      throw error;
    });
    if (known === undefined) return;
    this.#statuses.set(index, known.status);
    if (known.pixelsHash === undefined) return;
    const keys = await this.#keysOf(known.pixelsHash);
    if (!keys.every(key => store.has(key))) return;
    this.#keys[index] = keys;
    this.#done++;
  }

  async computeMissing(): Promise<void> {
    const { paths, store, signal, read, batchSize = DEFAULT_BATCH } = this.#options;
    const order = paths.map((_, i) => i).filter(i => this.#keys[i] === undefined);
    const ahead = Math.max(batchSize, 2 * availableCores());
    const loader = new ImageLoader(paths, { order, ahead, signal, read });
    for await (const { index, image } of loader) {
      const pixelsHash = await hashPixels(image);
      this.#decoded++;
      await this.#request(image, pixelsHash, index);
      this.#remember(store, index, pixelsHash);
      while (this.#waiting.length >= batchSize) await this.#compute(batchSize);
      this.#done++;
      this.#report(loader.skipped.length);
    }
    while (this.#waiting.length > 0) await this.#compute(batchSize);
    this.#skipped = loader.skipped;
    this.#report(loader.skipped.length);
  }

  async #request(image: DecodedImage, pixelsHash: string, index: number): Promise<void> {
    const keys = await this.#keysOf(pixelsHash);
    await this.#options.store.verify(keys);
    this.#keys[index] = keys;
    keys.forEach((key, i) => {
      const here = this.#options.store.has(key) || this.#waiting.some(request => request.key === key);
      if (!here) this.#waiting.push({ key, image, pixelsHash, augmentation: this.#augmentations[i] });
    });
  }

  async #compute(batchSize: number): Promise<void> {
    const { store, compute } = this.#options;
    const batch = this.#waiting.slice(0, batchSize);
    const rows = await compute(batch);
    const dimension = rows.length / batch.length;
    if (!Number.isInteger(dimension)) {
      throw new ShapeError(`features: ${rows.length} values do not divide into ${batch.length} rows`);
    }
    for (const [i, { key }] of batch.entries()) await store.put(key, rows.subarray(i * dimension, (i + 1) * dimension));
    this.#waiting = this.#waiting.slice(batch.length);
    this.#computed += batch.length;
  }

  #remember(store: FeatureStore, index: number, pixelsHash: string): void {
    const status = this.#statuses.get(index);
    if (status !== undefined) store.rememberFile(this.#options.paths[index]!, status, pixelsHash);
  }

  get #augmentations(): readonly unknown[] {
    return this.#options.augmentations ?? [null];
  }

  async #keysOf(pixelsHash: string): Promise<string[]> {
    return Promise.all(this.#augmentations.map(augmentation => this.#options.store.keyOf(pixelsHash, augmentation)));
  }

  #report(skipped = 0): void {
    this.#options.onProgress?.({ done: this.#done + skipped, total: this.#options.paths.length });
  }

  result(): ExtractedFeatures {
    return { keys: this.#keys, skipped: this.#skipped, computed: this.#computed, decoded: this.#decoded };
  }
}
