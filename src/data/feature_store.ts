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

/** Raised when a change to the kernels changes features by more than rounding. */
const FEATURES_VERSION = 1;

/** Rows are written when so many wait, or after so long. */
const FLUSH_ROWS = 512;
const FLUSH_AFTER_MS = 5_000;

/** What features are a function of, besides the pixels and their augmentation. */
export interface FeatureSpace {
  readonly weightsHash: string;
  /** Anything JSON holds. */
  readonly preprocessing: unknown;
}

/** Which rows are taken: those of the same origin, or `any`. */
export type Reuse = 'same' | 'any';

export interface FeatureStoreOptions extends FeatureSpace {
  /** Where stores are kept, `<cache>/features` by default; `memory` keeps nothing on disk. */
  readonly root?: string | 'memory';
  /**
   * What computes the rows, in a few words. Those of another origin differ in their last bits: they are computed again, unless `reuse`
   * says `any`. Without an origin all are taken.
   */
  readonly origin?: string;
  readonly reuse?: Reuse;
  /** The values of a row, where the caller knows: shards with others are passed over. */
  readonly dimension?: number;
  /** Told about shards that cannot be used. */
  readonly note?: (text: string) => void;
}

type Place = { readonly shard: FeatureShard; readonly row: number };

/**
 * Features of a frozen backbone, computed once and kept: rows of float32 by a key that is the hash of all that they
 * are a function of. A folder per weights and preprocessing holds shards that never change; there is no file that two
 * processes share, so any number of them may write, a killed one loses what it had not flushed, and stores of several
 * machines merge by copying.
 */
export class FeatureStore {
  /** Undefined in memory. */
  readonly directory: string | undefined;
  readonly #space: string;
  readonly #origin: string | undefined;
  readonly #reuse: Reuse;
  readonly #note: (text: string) => void;
  readonly #places = new Map<string, Place>();
  readonly #verified = new Set<FeatureShard>();
  readonly #pending = new Map<string, Float32Array>();
  readonly #files = new Map<string, string>();
  #newFiles: FileRecord[] = [];
  #dimension: number | undefined;
  #flushedAtMs = Date.now();
  #flushing: Promise<void> = Promise.resolve();

  private constructor(
    space: string,
    directory: string | undefined,
    { origin, reuse = 'same', note = () => {} }: FeatureStoreOptions,
  ) {
    this.#space = space;
    this.directory = directory;
    this.#origin = origin;
    this.#reuse = reuse;
    this.#note = note;
  }

  /** Opens the store of a backbone, or starts it. @throws InputError if its folder cannot be made or read. */
  static async open(options: FeatureStoreOptions): Promise<FeatureStore> {
    const { weightsHash, preprocessing, dimension, note = () => {} } = options;
    const space = await hashJson([FEATURES_VERSION, weightsHash, preprocessing]);
    if (options.root === 'memory') return new FeatureStore(space, undefined, options);
    const directory = resolvePath(options.root ?? `${cacheDirectory()}/features`, space.slice(0, 32));
    await makeDirectory(directory);
    await removeAbandonedFiles(directory);
    const store = new FeatureStore(space, directory, options);
    store.#addShards(await scanShards(directory, { space, dimension, note }));
    for (const record of await scanFileRecords(directory)) store.#addFile(record);
    return store;
  }

  /** How many rows there are. */
  get size(): number {
    return this.#places.size + this.#pending.size;
  }

  /** The values of a row, once there is one. */
  get dimension(): number | undefined {
    return this.#dimension;
  }

  /** `augmentation` is anything JSON holds; null for none. */
  async keyOf(pixelsHash: string, augmentation: unknown = null): Promise<string> {
    return hashJson([this.#space, augmentation, pixelsHash]);
  }

  has(key: string): boolean {
    return this.#places.has(key) || this.#pending.has(key);
  }

  /**
   * Reads the shards that hold these rows, once, and forgets those whose rows do not have their hash, with a note: `has` says no for them.
   */
  async verify(keys: Iterable<string>): Promise<void> {
    const shards = new Set<FeatureShard>();
    for (const key of keys) {
      const place = this.#places.get(key);
      if (place !== undefined && !this.#verified.has(place.shard)) shards.add(place.shard);
    }
    for (const shard of shards) {
      try {
        await checkShard(shard);
        this.#verified.add(shard);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        this.#note(`features: ${baseName(shard.path)} is passed over, its rows are computed again (${error.message})`);
        for (const key of shard.keys) if (this.#places.get(key)?.shard === shard) this.#places.delete(key);
      }
    }
  }

  async get(key: string): Promise<Float32Array> {
    return this.getMany([key]);
  }

  /**
   * returns  [keys.length, dimension], rows in the order of the keys
   *
   * @throws InputError  a key has no row
   */
  async getMany(keys: readonly string[]): Promise<Float32Array> {
    const dimension = this.#dimension ?? 0;
    const rows = new Float32Array(keys.length * dimension);
    const byShard = new Map<FeatureShard, { row: number; to: number }[]>();
    keys.forEach((key, to) => {
      const pending = this.#pending.get(key);
      const place = this.#places.get(key);
      if (pending !== undefined) rows.set(pending, to * dimension);
      else if (place !== undefined) append(byShard, place.shard, { row: place.row, to });
      else throw new InputError(`features: no row for the key ${key}. Compute it first`);
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
   * Adds a row; it is on disk after the next flush, which comes by itself every few hundred rows or seconds.
   *
   * @throws ShapeError   another length than the rows before
   * @throws DeviceError  a value that is not finite: it would be reused for ever
   */
  async put(key: string, features: Float32Array): Promise<void> {
    this.#dimension ??= features.length;
    if (features.length !== this.#dimension) {
      throw new ShapeError(`features: a row has ${features.length} values, the store has ${this.#dimension}`);
    }
    const bad = features.findIndex(value => !Number.isFinite(value));
    if (bad >= 0) throw new DeviceError(`features: value ${bad} of a row is ${features[bad]}, nothing was stored`);
    if (!this.has(key)) this.#pending.set(key, features.slice());
    const due = this.#pending.size >= FLUSH_ROWS || Date.now() - this.#flushedAtMs > FLUSH_AFTER_MS;
    if (due) await this.flush();
  }

  /** The hash of an image file's pixels if the file is as it was: nothing is read or decoded for it. */
  async pixelsHashOfFile(path: string): Promise<{ status: FileStatus; pixelsHash: string | undefined }> {
    const status = await fileStatus(path);
    return { status, pixelsHash: this.#files.get(fileKey(resolvePath(path), status)) };
  }

  /** `status` as it was before the file was read, so that a change in between is noticed. */
  rememberFile(path: string, status: FileStatus, pixelsHash: string): void {
    const { sizeBytes, modifiedMs } = status;
    const record = { path: resolvePath(path), sizeBytes, modifiedMs, pixelsHash };
    this.#addFile(record);
    this.#newFiles.push(record);
  }

  /** Writes what waits as one new shard. @throws InputError if the disk is full or cannot be written. */
  flush(): Promise<void> {
    const flushing = this.#flushing.then(() => this.#writePending());
    this.#flushing = flushing.catch(() => undefined);
    return flushing;
  }

  /** One at a time, or two would write the same rows. */
  async #writePending(): Promise<void> {
    this.#flushedAtMs = Date.now();
    if (this.directory === undefined) return;
    const records = this.#newFiles;
    const pending = [...this.#pending];
    if (pending.length > 0) {
      const rows = new Float32Array(pending.length * this.#dimension!);
      pending.forEach(([, values], i) => {
        rows.set(values, i * this.#dimension!);
      });
      const keys = pending.map(([key]) => key);
      const shard = await writeShard(this.directory, { space: this.#space, origin: this.#origin, keys, rows });
      this.#verified.add(shard);
      this.#addShard(shard);
      for (const key of keys) this.#pending.delete(key);
    }
    if (records.length > 0) {
      await writeFileRecords(this.directory, records);
      this.#newFiles = this.#newFiles.slice(records.length);
    }
  }

  /**
   * Takes over the shards of another store's folder, from another machine for instance, after checking their hashes.
   *
   * returns  how many rows were new; those of another origin count where they are taken
   *
   * @throws InputError  rows that do not have their hash
   */
  async merge(otherRoot: string, note: (text: string) => void = () => {}): Promise<number> {
    if (this.directory === undefined) throw new InputError('features: a store in memory cannot take in others');
    const before = this.size;
    const other = resolvePath(otherRoot, baseName(this.directory));
    const taken: FeatureShard[] = [];
    for (const shard of await scanShards(other, { space: this.#space, dimension: this.#dimension, note })) {
      if (shard.keys.every(key => this.#places.has(key))) continue;
      await checkShard(shard);
      const path = `${this.directory}/${baseName(shard.path)}`;
      await writeFileAtomic(path, await readFile(shard.path));
      taken.push({ ...shard, path });
    }
    this.#addShards(taken);
    return this.size - before;
  }

  /** Rows of this origin come first; where others would have to stand in for them, it is said what becomes of those. */
  #addShards(shards: readonly FeatureShard[]): void {
    const isOwn = ({ origin }: FeatureShard) => this.#origin === undefined || origin === this.#origin;
    for (const shard of shards) if (isOwn(shard)) this.#addShard(shard);
    const others = shards.filter(shard => !isOwn(shard));
    for (const origin of new Set(others.map(shard => shard.origin)))
      this.#addOthers(
        origin,
        others.filter(shard => shard.origin === origin),
      );
  }

  #addOthers(origin = 'an earlier version, which did not say where', shards: readonly FeatureShard[]): void {
    const missing = new Set(shards.flatMap(({ keys }) => keys).filter(key => !this.has(key)));
    if (missing.size === 0) return;
    const isTaken = this.#reuse === 'any';
    const fate = isTaken ? 'taken as they are' : 'computed again (--reuse any takes them as they are)';
    this.#note(
      `features: ${missing.size} kept rows are by ${origin}; here is ${this.#origin}: where needed they are ${fate}`,
    );
    if (isTaken) for (const shard of shards) this.#addShard(shard);
  }

  #addShard(shard: FeatureShard): void {
    this.#dimension ??= shard.dimension;
    if (shard.dimension !== this.#dimension) return;
    shard.keys.forEach((key, row) => {
      if (!this.#places.has(key)) this.#places.set(key, { shard, row });
    });
  }

  #addFile(record: FileRecord): void {
    this.#files.set(fileKey(record.path, record), record.pixelsHash);
  }
}

/** The hash of an image's pixels and size. */
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
