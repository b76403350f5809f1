import { availableCores, type DecodedImage, type FileStatus } from '#platform';
import { InputError, ShapeError } from '../errors/index.ts';
import { type FeatureStore, hashPixels } from './feature_store.ts';
import { InFlight } from './in_flight.ts';
import { ImageLoader, type ImageNote, type SkippedImage } from './loader.ts';

/** One row to compute. */
export interface FeatureRequest {
  readonly image: DecodedImage;
  /** Hash of the image's pixels. Seeds random augmentation independently of the run. */
  readonly pixelsHash: string;
  readonly augmentation: unknown;
}

export interface ExtractOptions {
  readonly paths: readonly string[];
  readonly store: FeatureStore;
  /**
   * Computes the rows [requests.length, dimension] of a batch. Called for the next batch before the previous one is
   * complete.
   */
  readonly compute: (requests: readonly FeatureRequest[]) => Promise<Float32Array>;
  /** Checks whether an image can be used, before it becomes part of a batch. @throws InputError  it is skipped */
  readonly check?: (image: DecodedImage) => void;
  /** Rows per batch. A batch has fewer rows if the images are so large that their pixels would exhaust the memory. */
  readonly batchSize?: number;
  /** Each image gets one row per entry. Entries are JSON values; `[null]` (no augmentation) by default. */
  readonly augmentations?: readonly unknown[];
  readonly signal?: AbortSignal;
  /** Reads an image's bytes; from the file system by default. */
  readonly read?: (path: string) => Promise<Uint8Array>;
  readonly onProgress?: (progress: ExtractProgress) => void;
}

export interface ExtractProgress {
  /** Number of images processed so far. */
  readonly done: number;
  readonly total: number;
}

export interface ExtractedFeatures {
  /** Keys by image and augmentation; undefined for a skipped image. */
  readonly keys: readonly (readonly string[] | undefined)[];
  readonly skipped: readonly SkippedImage[];
  /** The decoders' notes on the images that this call decoded. */
  readonly notes: readonly ImageNote[];
  /** Number of rows computed by this call. The others were already stored. */
  readonly computed: number;
  readonly decoded: number;
}

const DEFAULT_BATCH = 8;
/**
 * A batch ends at this many bytes of pixels: 200 X-rays of 224 x 224, but only one or two at a detector's full
 * resolution.
 */
const BATCH_BYTES = 32e6;
/** Batches in flight on the device at once, so that it never waits for the host. */
const BATCHES_AT_ONCE = 2;

/** How many files are looked up in parallel. */
const STATUS_AT_ONCE = 64;

/**
 * Ensures that the store contains the features of these images, and returns their keys.
 *
 * Does not open an image whose file is unchanged since an earlier run. If the process is killed, rows up to the store's
 * last flush survive. Everything is flushed before this function returns or throws.
 *
 * @throws the signal's reason, or the error that `compute` throws
 */
export async function extractFeatures(options: ExtractOptions): Promise<ExtractedFeatures> {
  const work = new Extraction(options);
  try {
    await work.takeKnown();
    await work.computeMissing();
  } finally {
    await work.settle();
    await options.store.flush();
  }
  return work.result();
}

class Extraction {
  private readonly options: ExtractOptions;
  private readonly keys: (readonly string[] | undefined)[];
  private readonly statuses = new Map<number, FileStatus>();
  private readonly running = new InFlight<Float32Array>(BATCHES_AT_ONCE);
  private skipped: readonly SkippedImage[] = [];
  private notes: readonly ImageNote[] = [];
  private waiting: (FeatureRequest & { key: string })[] = [];
  /** Keys of rows that are waiting or being computed. */
  private readonly expected = new Set<string>();
  /** Size of the batch that was started last. */
  private sizeBefore = 0;
  /** Number of images whose rows are stored, waiting, or being computed. */
  private taken = 0;
  private computed = 0;
  private decoded = 0;

  constructor(options: ExtractOptions) {
    this.options = options;
    this.keys = options.paths.map(() => undefined);
  }

  /** Finds the images whose file and rows the store already contains. */
  async takeKnown(): Promise<void> {
    const { paths, store, signal } = this.options;
    for (let start = 0; start < paths.length; start += STATUS_AT_ONCE) {
      signal?.throwIfAborted();
      const group = paths.slice(start, start + STATUS_AT_ONCE);
      await Promise.all(group.map((path, i) => this.lookUp(path, start + i, store)));
    }
    await this.checkKnown(store);
    this.report({ skipped: [] }, this.taken);
  }

  /** Forgets images whose stored rows are damaged, so that their rows are computed again. */
  private async checkKnown(store: FeatureStore): Promise<void> {
    await store.verify(this.keys.flatMap(keys => keys ?? []));
    this.keys.forEach((keys, index) => {
      if (keys === undefined || keys.every(key => store.has(key))) return;
      this.keys[index] = undefined;
      this.taken--;
    });
  }

  /**
   * Looks an image up in the store. If the status of a file cannot be read, leaves the file to the loader, which skips
   * and reports it.
   */
  private async lookUp(path: string, index: number, store: FeatureStore): Promise<void> {
    const known = await store.pixelsHashOfFile(path).catch(error => {
      if (error instanceof InputError) return undefined;
      throw error;
    });
    if (known === undefined) return;
    this.statuses.set(index, known.status);
    if (known.pixelsHash === undefined) return;
    const keys = await this.keysOf(known.pixelsHash);
    if (!keys.every(key => store.has(key))) return;
    this.keys[index] = keys;
    this.taken++;
  }

  async computeMissing(): Promise<void> {
    const { paths, store, signal, read, check } = this.options;
    const order = paths.map((_, i) => i).filter(i => this.keys[i] === undefined);
    const ahead = Math.max(this.batchSize, 2 * availableCores());
    const loader = new ImageLoader(paths, { order, ahead, signal, read });
    for await (const { index, path, image } of loader) {
      try {
        check?.(image);
      } catch (error) {
        loader.skip(path, error);
        continue;
      }
      const pixelsHash = await hashPixels(image);
      this.decoded++;
      await this.request(image, pixelsHash, index);
      this.remember(store, index, pixelsHash);
      this.taken++;
      for (let size = this.fullBatch(); size; size = this.fullBatch()) await this.compute(size, loader);
      if (this.waiting.length === 0 && this.running.isEmpty) this.report(loader, this.taken);
    }
    if (this.waiting.length > 0) await this.compute(this.waiting.length, loader);
    await this.running.finish();
    this.skipped = loader.skipped;
    this.notes = loader.notes.list();
    this.report(loader, this.taken);
  }

  /** Waits for running batches after a failure, and stores their rows. */
  settle(): Promise<void> {
    return this.running.settle();
  }

  private async request(image: DecodedImage, pixelsHash: string, index: number): Promise<void> {
    const keys = await this.keysOf(pixelsHash);
    await this.options.store.verify(keys);
    this.keys[index] = keys;
    keys.forEach((key, i) => {
      if (this.options.store.has(key) || this.expected.has(key)) return;
      this.expected.add(key);
      this.waiting.push({ key, image, pixelsHash, augmentation: this.augmentations[i] });
    });
  }

  /** Returns how many of the waiting rows form a full batch; undefined if they are too few. */
  private fullBatch(): number | undefined {
    let sizeBytes = 0;
    for (const [i, { image }] of this.waiting.entries()) {
      sizeBytes += image.pixels.length;
      if (i + 1 === this.batchSize || sizeBytes >= BATCH_BYTES) return i + 1;
    }
    return undefined;
  }

  /** Starts computing a batch. */
  private async compute(size: number, loader: ImageLoader): Promise<void> {
    const batch = this.waiting.splice(0, size);
    // A network keeps the captured graph of one batch size only. Wait before a batch of another size replaces it.
    if (size !== this.sizeBefore) await this.running.finish();
    this.sizeBefore = size;
    const taken = this.taken;
    await this.running.begin(
      () => this.options.compute(batch),
      async rows => {
        await this.keep(batch, rows);
        this.report(loader, taken);
      },
    );
  }

  private async keep(batch: readonly { readonly key: string }[], rows: Float32Array): Promise<void> {
    const dimension = rows.length / batch.length;
    if (!Number.isInteger(dimension)) {
      throw new ShapeError(`features: ${batch.length} rows of equal length are expected, got ${rows.length} values`);
    }
    for (const [i, { key }] of batch.entries()) {
      await this.options.store.put(key, rows.subarray(i * dimension, (i + 1) * dimension));
      this.expected.delete(key);
    }
    this.computed += batch.length;
  }

  private remember(store: FeatureStore, index: number, pixelsHash: string): void {
    const status = this.statuses.get(index);
    if (status !== undefined) store.rememberFile(this.options.paths[index]!, status, pixelsHash);
  }

  private get batchSize(): number {
    return this.options.batchSize ?? DEFAULT_BATCH;
  }

  private get augmentations(): readonly unknown[] {
    return this.options.augmentations ?? [null];
  }

  private async keysOf(pixelsHash: string): Promise<string[]> {
    return Promise.all(this.augmentations.map(augmentation => this.options.store.keyOf(pixelsHash, augmentation)));
  }

  private report({ skipped }: Pick<ImageLoader, 'skipped'>, done: number): void {
    this.options.onProgress?.({ done: done + skipped.length, total: this.options.paths.length });
  }

  result(): ExtractedFeatures {
    return {
      keys: this.keys,
      skipped: this.skipped,
      notes: this.notes,
      computed: this.computed,
      decoded: this.decoded,
    };
  }
}
