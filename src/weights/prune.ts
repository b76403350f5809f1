/** Removes leftovers from the cache, and the files of named networks. */
import { cacheDirectory, fileExists, fileStatus, joinPath, listDirectory, removeFile } from '#platform';
import { cachePath, type FileSource, recordPath } from './cache.ts';
import { partPath } from './part_file.ts';
import { ZOO, type ZooEntry, zooEntry } from './zoo.ts';

export interface PruneOptions {
  readonly cacheDir?: string;
  /** Networks whose files are removed too. */
  readonly ids?: readonly string[] | 'all';
  /** Reports what would be removed, and removes nothing. */
  readonly dryRun?: boolean;
}

export interface PrunedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly why: string;
}

/** A leftover that was modified more recently than this may belong to a running process. */
const YOUNG_MS = 60_000;

/**
 * Removes partial downloads, unfinished files, records of deleted files, and all files of `ids`. Features and all other
 * files in the cache stay. Returns the removed files.
 *
 * @throws UsageError  no network has this id
 * @throws InputError  the cache cannot be written
 */
export async function pruneCache(options: PruneOptions = {}): Promise<PrunedFile[]> {
  const { cacheDir = cacheDirectory(), ids = [], dryRun = false } = options;
  const entries = ids === 'all' ? ZOO : ids.map(zooEntry);
  if (!(await fileExists(cacheDir))) return [];
  const wanted = [...(await networkFiles(entries, cacheDir)), ...(await leftovers(cacheDir))];
  const removed = new Map<string, PrunedFile>();
  for (const file of wanted) {
    if (removed.has(file.path)) continue;
    removed.set(file.path, { ...file, sizeBytes: (await fileStatus(file.path)).sizeBytes });
    if (!dryRun) await removeFile(file.path);
  }
  return [...removed.values()];
}

type Candidate = Omit<PrunedFile, 'sizeBytes'>;

async function networkFiles(entries: readonly ZooEntry[], folder: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const { id, path } of entries.flatMap(entry => filesOf(entry, folder))) {
    for (const candidate of [path, recordPath(path), partPath(path), `${partPath(path)}.json`]) {
      if (await fileExists(candidate)) found.push({ path: candidate, why: id });
    }
  }
  return found;
}

/** Returns an entry's files. A network derived from another uses that one's files. */
function filesOf(entry: ZooEntry, folder: string): { id: string; path: string }[] {
  return entry.sources.flatMap(source =>
    source.kind === 'net2net'
      ? filesOf(zooEntry(source.from), folder)
      : [{ id: entry.id, path: cachePath(folder, source as FileSource) }],
  );
}

async function leftovers(folder: string): Promise<Candidate[]> {
  const names = new Set((await listDirectory(folder)).filter(entry => !entry.isDirectory).map(({ name }) => name));
  const found: Candidate[] = [];
  for (const { path } of ZOO.flatMap(entry => filesOf(entry, folder))) {
    const file = path.slice(joinPath(folder, '/').length);
    for (const name of names) {
      const why = reason(name, file, names);
      if (why !== undefined && (await isOld(joinPath(folder, name)))) found.push({ path: joinPath(folder, name), why });
    }
  }
  return found;
}

/** Returns why a file of this name can be removed; undefined if it is not a leftover of `file`. */
function reason(name: string, file: string, names: ReadonlySet<string>): string | undefined {
  if (name === `${file}.sha256` && !names.has(file)) return 'record of a deleted file';
  if (name.startsWith(`${file}.`) && /\.part(\.json)?$/.test(name)) return 'partial download';
  if (name.startsWith(`.${file}`) && name.endsWith('.tmp')) return 'unfinished file';
  return undefined;
}

async function isOld(path: string): Promise<boolean> {
  return Date.now() - (await fileStatus(path)).modifiedMs > YOUNG_MS;
}
