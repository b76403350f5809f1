/**
 * Downloads a file over HTTP. Resumes broken connections and partial downloads of earlier calls, and times out on
 * silent servers.
 */
import { InputError, WeightsError } from '../errors/index.ts';
import { formatBytes } from './byte_source.ts';
import { PartConflict, PartFile } from './part_file.ts';

export interface DownloadProgress {
  readonly receivedBytes: number;
  /** Absent if the server does not send it. */
  readonly totalBytes?: number;
}

export interface DownloadRequest {
  readonly url: string;
  /** The file's final path. The partial download is stored beside it. */
  readonly path: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download. The partial download stays. */
  readonly signal?: AbortSignal;
  /** Timeout for a server that sends nothing. */
  readonly stallMs?: number;
  /** Largest file that is accepted. */
  readonly maxBytes?: number;
}

const STALL_MS = 30_000;
/** Four times the largest network of the zoo. */
const MAX_BYTES = 1_000_000_000;
const MAX_ATTEMPTS = 20;
/** Consecutive attempts that may receive nothing. */
const MAX_FRUITLESS = 3;

/** A failure that is worth a retry. */
class Interrupted extends Error {}

/**
 * Returns the completed part. The caller checks it, and then renames or discards it.
 *
 * @throws WeightsError  the server or the connection failed
 * @throws InputError    the disk is full or cannot be written; the partial download stays for the next call
 */
export async function download(request: DownloadRequest): Promise<PartFile> {
  const { url, path, signal } = request;
  let part = await PartFile.open(path, url);
  let fruitless = 0;
  for (let attempt = 1; ; attempt++) {
    const before = part.sizeBytes;
    try {
      await transfer(part, request);
      return part;
    } catch (error) {
      if (error instanceof PartConflict && !part.isPrivate) {
        part = PartFile.openPrivate(path, url);
        continue;
      }
      if (part.isPrivate && signal?.aborted) await part.discard();
      signal?.throwIfAborted();
      fruitless = part.sizeBytes > before ? 0 : fruitless + 1;
      if (!(error instanceof Interrupted) || fruitless >= MAX_FRUITLESS || attempt >= MAX_ATTEMPTS) {
        if (part.isPrivate) await part.discard();
        if (error instanceof InputError) throw error;
        throw new WeightsError(`${new URL(url).host}: ${(error as Error).message}`, { cause: error });
      }
      await pause(100 * 2 ** fruitless, signal);
    }
  }
}

/** Makes one request and stores its body. Bytes that have arrived are on disk even if this throws. */
async function transfer(part: PartFile, request: DownloadRequest): Promise<void> {
  const { onProgress, signal, stallMs = STALL_MS, maxBytes = MAX_BYTES } = request;
  const watchdog = new Watchdog(stallMs, signal);
  try {
    const response = await watchdog.within(
      fetch(request.url, { headers: requestHeaders(part), signal: watchdog.signal }),
    );
    checkAddress(request.url, response.url);
    const totalBytes = await begin(part, response);
    if (totalBytes !== undefined && totalBytes > maxBytes) throw await tooLong(part, maxBytes);
    if (totalBytes === part.sizeBytes || !response.body) return;
    const reader = response.body.getReader();
    for (let next = await watchdog.within(reader.read()); !next.done; next = await watchdog.within(reader.read())) {
      if (part.sizeBytes + next.value.length > Math.min(totalBytes ?? maxBytes, maxBytes)) {
        throw await tooLong(part, totalBytes ?? maxBytes);
      }
      await part.append(next.value);
      onProgress?.({ receivedBytes: part.sizeBytes, totalBytes });
    }
    checkLength(part, totalBytes);
  } catch (error) {
    if (error instanceof TypeError) throw unreachable(error);
    throw error;
  } finally {
    watchdog.stop();
    await part.flush();
  }
}

/** Allows redirects, but not from https to http, where anybody on the network could change the bytes. */
function checkAddress(asked: string, answered: string): void {
  if (asked.startsWith('https:') && !answered.startsWith('https:')) {
    throw new WeightsError(`redirects to ${new URL(answered).host} without encryption`);
  }
}

/** Discards the part, because it cannot be the file or its beginning. */
async function tooLong(part: PartFile, mostBytes: number): Promise<WeightsError> {
  await part.discard();
  return new WeightsError(`sent more than ${formatBytes(mostBytes)}`);
}

function requestHeaders(part: PartFile): Record<string, string> {
  const headers = { 'accept-encoding': 'identity' };
  if (part.sizeBytes === 0 || part.validator === undefined) return headers;
  return { ...headers, range: `bytes=${part.sizeBytes}-`, 'if-range': part.validator };
}

/** Prepares the part for the response: resumes or restarts it. Returns the size of the whole file, if known. */
async function begin(part: PartFile, response: Response): Promise<number | undefined> {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  if (response.status === 206 && range?.[1] !== undefined && Number(range[1]) === part.sizeBytes && part.sizeBytes > 0)
    return Number(range[2]);
  if (response.status === 416 && range && Number(range[2]) === part.sizeBytes) return part.sizeBytes;
  if (response.status === 206 || response.status === 416) {
    await part.discard();
    throw new Interrupted('sent a different range than requested');
  }
  if (response.status === 429 || response.status >= 500)
    throw new Interrupted(`answered with status ${response.status}`);
  if (!response.ok) throw new WeightsError(`answered with status ${response.status}`);
  await part.restart(validatorOf(response));
  const length = response.headers.get('content-length');
  return length === null || response.headers.has('content-encoding') ? undefined : Number(length);
}

/** Ignores a weak ETag, which identifies equivalent content but not identical bytes. */
function validatorOf({ headers }: Response): string | undefined {
  const tag = headers.get('etag');
  return tag?.startsWith('"') ? tag : (headers.get('last-modified') ?? undefined);
}

function checkLength(part: PartFile, totalBytes: number | undefined): void {
  if (totalBytes === undefined || part.sizeBytes === totalBytes) return;
  throw new Interrupted(`closed the connection after ${formatBytes(part.sizeBytes)} of ${formatBytes(totalBytes)}`);
}

/** Translates a network failure, which `fetch` reports as a TypeError with a cause. */
function unreachable(error: TypeError): Error {
  const code = (error.cause as { code?: string } | undefined)?.code ?? error.message;
  const hopeless = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED'].includes(code) || code.startsWith('ERR_TLS');
  return hopeless
    ? new WeightsError(`cannot be reached (${code})`)
    : new Interrupted(`the connection failed (${code})`);
}

/** Aborts a request after a timeout without data, or when the caller's signal aborts. */
class Watchdog {
  private readonly controller = new AbortController();
  private readonly stallMs: number;
  private readonly outer: AbortSignal | undefined;
  private readonly forward: () => void;

  constructor(stallMs: number, outer: AbortSignal | undefined) {
    this.stallMs = stallMs;
    this.outer = outer;
    this.forward = () => this.controller.abort(outer?.reason);
    if (outer?.aborted) this.forward();
    outer?.addEventListener('abort', this.forward);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async within<T>(work: Promise<T>): Promise<T> {
    const stalled = new Interrupted(`sent nothing for ${this.stallMs / 1000} s`);
    const timer = setTimeout(() => this.controller.abort(stalled), this.stallMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  stop(): void {
    this.outer?.removeEventListener('abort', this.forward);
    this.controller.abort();
  }
}

async function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, durationMs));
  signal?.throwIfAborted();
}
