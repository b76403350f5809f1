import {
  baseName,
  cacheDirectory,
  createSha256,
  type DecodedImage,
  type FileStatus,
  fileStatus,
  makeDirectory,
  readFile,
  removeAbandonedFiles,
  resolvePath,
  writeFileAtomic,
} from '#platform';
import { DeviceError, InputError, ShapeError } from '../errors/index.ts';
import {
  checkShard,
  type FeatureShard,
  type FileRecord,
  readRows,
  scanFileRecords,
  scanShards,
  writeFileRecords,
  writeShard,
} from './feature_shard.ts';
import { hashJson } from './hash_json.ts';

/** Increment this when a change to the kernels changes features by more than rounding. */
const FEATURES_VERSION = 1;

/** Pending rows are flushed when there are this many of them. */
const FLUSH_ROWS = 512;
/** Pending rows are also flushed when this time has passed since the last flush. */
const FLUSH_AFTER_MS = 5_000;

/** Everything that determines features, apart from the pixels and their augmentation. */
export interface FeatureSpace {
  readonly weightsHash: string;
  /** Any JSON value. */
  readonly preprocessing: unknown;
}

/** The stored rows that may be used: those of the `same` origin (see `FeatureStoreOptions.origin`), or of `any`. */
export type Reuse = 'same' | 'any';

export interface FeatureStoreOptions extends FeatureSpace {
  /** Folder that contains the stores, by default `<cache>/features`. With `memory`, nothing is stored on disk. */
  readonly root?: string | 'memory';
  /**
   * The origin of new rows: a short description of what computes them. Rows of another origin may differ in their last
   * bits, so they are computed again unless `reuse` is `any`. Without an origin, all stored rows are used.
   */
  readonly origin?: string;
  readonly reuse?: Reuse;
  /** Number of values in a row, if known. Shards (files of rows) whose rows have another length are skipped. */
  readonly dimension?: number;
  /** Receives a message about each shard that cannot be used, and about rows of other origins. */
  readonly note?: (text: string) => void;
}

type Place = { readonly shard: FeatureShard; readonly row: number };

/**
 * Stores features of a frozen backbone, so that they are computed only once. The features of one image are a row of
 * float32 values. A row is stored under a key, which is the hash of everything that determines the row.
 *
 * There is one folder for each combination of weights and preprocessing. It contains shards: files of rows that never
 * change once they are written. No two processes write to the same file. Therefore any number of processes may write at
 * once, a killed process loses only the rows that it had not flushed, and stores of several machines can be merged by
 * copying files.
 */
export class FeatureStore {
  /** Undefined for a store in memory. */
  readonly directory: string | undefined;
  private readonly space: string;
  private readonly origin: string | undefined;
  private readonly reuse: Reuse;
  private readonly note: (text: string) => void;
  private readonly places = new Map<string, Place>();
  private readonly verified = new Set<FeatureShard>();
  private readonly pending = new Map<string, Float32Array>();
  private readonly files = new Map<string, string>();
  private newFiles: FileRecord[] = [];
  private knownDimension: number | undefined;
  private flushedAtMs = Date.now();
  private flushing: Promise<void> = Promise.resolve();

  private constructor(
    space: string,
    directory: string | undefined,
    { origin, reuse = 'same', note = () => {} }: FeatureStoreOptions,
  ) {
    this.space = space;
    this.directory = directory;
    this.origin = origin;
    this.reuse = reuse;
    this.note = note;
  }

  /** Opens or creates the store of a backbone. @throws InputError  the store's folder cannot be created or read */
  static async open(options: FeatureStoreOptions): Promise<FeatureStore> {
    const { weightsHash, preprocessing, dimension, note = () => {} } = options;
    const space = await hashJson([FEATURES_VERSION, weightsHash, preprocessing]);
    if (options.root === 'memory') return new FeatureStore(space, undefined, options);
    const directory = resolvePath(options.root ?? `${cacheDirectory()}/features`, space.slice(0, 32));
    await makeDirectory(directory);
    await removeAbandonedFiles(directory);
    const store = new FeatureStore(space, directory, options);
    store.addShards(await scanShards(directory, { space, dimension, note }));
    for (const record of await scanFileRecords(directory)) store.addFile(record);
    return store;
  }

  /** Number of rows. */
  get size(): number {
    return this.places.size + this.pending.size;
  }

  /** Number of values in a row; undefined while the store is empty. */
  get dimension(): number | undefined {
    return this.knownDimension;
  }

  /** Returns the key of a row. `augmentation` is any JSON value, null for none. */
  async keyOf(pixelsHash: string, augmentation: unknown = null): Promise<string> {
    return hashJson([this.space, augmentation, pixelsHash]);
  }

  has(key: string): boolean {
    return this.places.has(key) || this.pending.has(key);
  }

  /**
   * Checks the shards that contain the rows of these keys, each shard once. If the rows of a shard do not match its
   * hash, drops the shard and sends a message to `note`. `has` then returns false for the keys of this shard.
   */
  async verify(keys: Iterable<string>): Promise<void> {
    const shards = new Set<FeatureShard>();
    for (const key of keys) {
      const place = this.places.get(key);
      if (place !== undefined && !this.verified.has(place.shard)) shards.add(place.shard);
    }
    for (const shard of shards) {
      try {
        await checkShard(shard);
        this.verified.add(shard);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        this.note(`features: skipped ${baseName(shard.path)}; its rows will be computed again (${error.message})`);
        for (const key of shard.keys) if (this.places.get(key)?.shard === shard) this.places.delete(key);
      }
    }
  }

  async get(key: string): Promise<Float32Array> {
    return this.getMany([key]);
  }

  /**
   * Returns the rows of these keys, in the order of the keys: [keys.length, dimension].
   *
   * @throws InputError  a key has no row
   */
  async getMany(keys: readonly string[]): Promise<Float32Array> {
    const dimension = this.knownDimension ?? 0;
    const rows = new Float32Array(keys.length * dimension);
    const byShard = new Map<FeatureShard, { row: number; to: number }[]>();
    keys.forEach((key, to) => {
      const pending = this.pending.get(key);
      const place = this.places.get(key);
      if (pending !== undefined) rows.set(pending, to * dimension);
      else if (place !== undefined) append(byShard, place.shard, { row: place.row, to });
      else throw new InputError(`features: no row has the key ${JSON.stringify(key)}. Compute it first`);
    });
    for (const [shard, wanted] of byShard) {
      const found = await readRows(
        shard,
        wanted.map(({ row }) => row),
      );
      found.forEach((values, i) => {
        rows.set(values, wanted[i]!.to * dimension);
      });
    }
    return rows;
  }

  /**
   * Adds a row. The next flush writes it to disk. This method flushes if at least 512 rows are pending, or if the last
   * flush was more than five seconds ago.
   *
   * @throws ShapeError   the length differs from that of earlier rows
   * @throws DeviceError  a value is not finite. If the row were stored, every later run would use it
   */
  async put(key: string, features: Float32Array): Promise<void> {
    this.knownDimension ??= features.length;
    if (features.length !== this.knownDimension) {
      throw new ShapeError(`features: a row must have ${this.knownDimension} values, got ${features.length}`);
    }
    const bad = features.findIndex(value => !Number.isFinite(value));
    if (bad >= 0)
      throw new DeviceError(`features: value ${bad} of a row must be a finite number, got ${features[bad]}`);
    if (!this.has(key)) this.pending.set(key, features.slice());
    const due = this.pending.size >= FLUSH_ROWS || Date.now() - this.flushedAtMs > FLUSH_AFTER_MS;
    if (due) await this.flush();
  }

  /**
   * Returns the status of an image file, and the hash of its pixels if the file has not changed since `rememberFile`
   * recorded it. Does not read the file.
   */
  async pixelsHashOfFile(path: string): Promise<{ status: FileStatus; pixelsHash: string | undefined }> {
    const status = await fileStatus(path);
    return { status, pixelsHash: this.files.get(fileKey(resolvePath(path), status)) };
  }

  /**
   * Records the hash of an image file's pixels. Obtain `status` before reading the file. If you obtain it
   * afterwards, a change made to the file in between goes unnoticed.
   */
  rememberFile(path: string, status: FileStatus, pixelsHash: string): void {
    const { sizeBytes, modifiedMs } = status;
    const record = { path: resolvePath(path), sizeBytes, modifiedMs, pixelsHash };
    this.addFile(record);
    this.newFiles.push(record);
  }

  /** Writes pending rows as one new shard. @throws InputError  the disk is full or cannot be written */
  flush(): Promise<void> {
    const flushing = this.flushing.then(() => this.writePending());
    this.flushing = flushing.catch(() => undefined);
    return flushing;
  }

  /**
   * Writes the pending rows and the new file records. `flush` starts this method only after the previous call has
   * ended, so that no two calls write the same rows.
   */
  private async writePending(): Promise<void> {
    this.flushedAtMs = Date.now();
    if (this.directory === undefined) return;
    const records = this.newFiles;
    const pending = [...this.pending];
    if (pending.length > 0) {
      const rows = new Float32Array(pending.length * this.knownDimension!);
      pending.forEach(([, values], i) => {
        rows.set(values, i * this.knownDimension!);
      });
      const keys = pending.map(([key]) => key);
      const shard = await writeShard(this.directory, { space: this.space, origin: this.origin, keys, rows });
      this.verified.add(shard);
      this.addShard(shard);
      for (const key of keys) this.pending.delete(key);
    }
    if (records.length > 0) {
      await writeFileRecords(this.directory, records);
      this.newFiles = this.newFiles.slice(records.length);
    }
  }

  /**
   * Copies the shards of another store, for example one from another machine. Checks the hash of each shard before
   * copying it. `otherRoot` is the root folder of the other store.
   *
   * Returns the number of new rows. Rows of another origin count only if `reuse` is `any`.
   *
   * @throws InputError  the rows of a shard do not match its hash
   */
  async merge(otherRoot: string, note: (text: string) => void = () => {}): Promise<number> {
    if (this.directory === undefined) throw new InputError('features: cannot merge into a store in memory');
    const before = this.size;
    const other = resolvePath(otherRoot, baseName(this.directory));
    const taken: FeatureShard[] = [];
    for (const shard of await scanShards(other, { space: this.space, dimension: this.knownDimension, note })) {
      if (shard.keys.every(key => this.places.has(key))) continue;
      await checkShard(shard);
      const path = `${this.directory}/${baseName(shard.path)}`;
      await writeFileAtomic(path, await readFile(shard.path));
      taken.push({ ...shard, path });
    }
    this.addShards(taken);
    return this.size - before;
  }

  /**
   * Adds the shards of the store's own origin. Then looks at each other origin. If its shards contain rows that this
   * store does not have yet, sends a message to `note` and, if `reuse` is `any`, adds these shards.
   */
  private addShards(shards: readonly FeatureShard[]): void {
    const isOwn = ({ origin }: FeatureShard) => this.origin === undefined || origin === this.origin;
    for (const shard of shards) if (isOwn(shard)) this.addShard(shard);
    const others = shards.filter(shard => !isOwn(shard));
    for (const origin of new Set(others.map(shard => shard.origin)))
      this.addOthers(
        origin,
        others.filter(shard => shard.origin === origin),
      );
  }

  private addOthers(origin = 'an earlier version without a recorded origin', shards: readonly FeatureShard[]): void {
    const missing = new Set(shards.flatMap(({ keys }) => keys).filter(key => !this.has(key)));
    if (missing.size === 0) return;
    const isUsed = this.reuse === 'any';
    const fate = isUsed
      ? 'They are used as they are'
      : 'They will be computed again if needed. To use them as they are, pass `--reuse any`';
    this.note(`features: ${missing.size} stored rows were computed by ${origin}, not by ${this.origin}. ${fate}`);
    if (isUsed) for (const shard of shards) this.addShard(shard);
  }

  private addShard(shard: FeatureShard): void {
    this.knownDimension ??= shard.dimension;
    if (shard.dimension !== this.knownDimension) return;
    shard.keys.forEach((key, row) => {
      if (!this.places.has(key)) this.places.set(key, { shard, row });
    });
  }

  private addFile(record: FileRecord): void {
    this.files.set(fileKey(record.path, record), record.pixelsHash);
  }
}

/** Returns the hash of an image's size and pixels. */
export async function hashPixels(image: DecodedImage): Promise<string> {
  const hash = createSha256();
  hash.update(new TextEncoder().encode(`${image.width} ${image.height}\n`));
  hash.update(image.pixels);
  return hash.digestHex();
}

function fileKey(path: string, status: { sizeBytes: number; modifiedMs: number }): string {
  return `${status.sizeBytes} ${status.modifiedMs} ${path}`;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
