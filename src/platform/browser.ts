import { InputError } from '../errors/index.ts';
import { toHex } from './bytes.ts';
import { createPortableSha256 } from './sha256.ts';
import type {
  AtomicWriter,
  ByteSource,
  DirectoryEntry,
  FileStatus,
  LockOptions,
  PipeOptions,
  Sha256,
  WriteOptions,
} from './types.ts';

export { decodeImage, encodePng } from './browser_image.ts';
export { inflateRaw } from './browser_inflate.ts';
export { blobSource, bytesSource } from './bytes.ts';
export { requestGpuAdapter } from './gpu_browser.ts';
export type * from './types.ts';
export { allowRelaxedSimd, enableWideSimd, isWideSimdEnabled } from './webassembly_browser.ts';
export { canShareMemory, spawnWorker } from './workers_browser.ts';

/** A page has no file system. Functions that need one throw this error, which names an alternative. */
function noFiles(path: string, instead: string): InputError {
  return new InputError(`${path}: a page cannot open files by path. ${instead}`);
}

const OPEN_INSTEAD = 'Ask the user to pick or drop the file, and pass it to blobSource';
const SAVE_INSTEAD = 'Offer the bytes as a download';
const FOLDER_INSTEAD = 'Folders work in Node only; here, pass the picked files one by one';

export async function openFile(path: string): Promise<ByteSource> {
  throw noFiles(path, OPEN_INSTEAD);
}

export async function readFile(path: string, _maxBytes?: number, _pipe?: PipeOptions): Promise<Uint8Array> {
  throw noFiles(path, OPEN_INSTEAD);
}

export async function readTextFile(path: string, _maxBytes?: number, _pipe?: PipeOptions): Promise<string> {
  throw noFiles(path, OPEN_INSTEAD);
}

export async function fileExists(_path: string): Promise<boolean> {
  return false;
}

export async function fileSize(path: string): Promise<number> {
  throw noFiles(path, OPEN_INSTEAD);
}

export async function fileStatus(path: string): Promise<FileStatus> {
  throw noFiles(path, OPEN_INSTEAD);
}

export async function readStdin(name: string, _maxBytes?: number, _options?: PipeOptions): Promise<Uint8Array> {
  throw noFiles(name, OPEN_INSTEAD);
}

export async function createAtomicWriter(path: string, _options?: WriteOptions): Promise<AtomicWriter> {
  throw noFiles(path, SAVE_INSTEAD);
}

export async function writeFileAtomic(
  path: string,
  _content: Uint8Array | string,
  _options?: WriteOptions,
): Promise<void> {
  throw noFiles(path, SAVE_INSTEAD);
}

export async function appendFile(path: string, _bytes: Uint8Array): Promise<void> {
  throw noFiles(path, SAVE_INSTEAD);
}

export async function removeFile(path: string): Promise<void> {
  throw noFiles(path, SAVE_INSTEAD);
}

export async function renameFile(from: string, _to: string): Promise<void> {
  throw noFiles(from, SAVE_INSTEAD);
}

export async function makeDirectory(path: string): Promise<void> {
  throw noFiles(path, SAVE_INSTEAD);
}

export async function checkWritable(path: string): Promise<void> {
  throw noFiles(path, SAVE_INSTEAD);
}

export async function listDirectory(path: string): Promise<DirectoryEntry[]> {
  throw noFiles(path, FOLDER_INSTEAD);
}

export async function fileIdentity(path: string): Promise<string> {
  throw noFiles(path, FOLDER_INSTEAD);
}

export function cacheDirectory(): string {
  throw noFiles('the cache', "Downloads are kept in the browser's own store");
}

/** Always throws: a page cannot read the package's files from disk. */
export function packageFile(relativePath: string): string {
  throw noFiles(relativePath, 'Fetch it from the server that serves the page');
}

/** Runs `work` at once: a page shares its files with no other process. */
export async function withFileLock<T>(_path: string, work: () => Promise<T>, _options: LockOptions = {}): Promise<T> {
  return work();
}

/** Does nothing: a page writes no files. */
export function abandonUnfinishedFiles(): void {}

export async function removeAbandonedFiles(_folder: string): Promise<void> {}

/** Returns the SHA-256 as 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (globalThis.crypto?.subtle !== undefined) {
    return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource)));
  }
  const hash = createSha256();
  hash.update(bytes);
  return hash.digestHex();
}

export function createSha256(): Sha256 {
  return createPortableSha256();
}

export function joinPath(...parts: string[]): string {
  return (
    parts
      .filter(part => part !== '')
      .join('/')
      .replace(/\/{2,}/g, '/') || '.'
  );
}

/** Returns the last part of a path, without the given ending. */
export function baseName(path: string, ending = ''): string {
  const name = path.replace(/\/+$/, '').split('/').at(-1)!;
  return ending !== '' && name !== ending && name.endsWith(ending) ? name.slice(0, -ending.length) : name;
}

export function directoryName(path: string): string {
  const parts = path.replace(/\/+$/, '').split('/').slice(0, -1);
  return parts.join('/') || (path.startsWith('/') ? '/' : '.');
}

/** Joins the parts: a page has no current folder to resolve them against. */
export function resolvePath(...parts: string[]): string {
  return joinPath(...parts);
}

/** Always returns undefined: a page has no environment variables. */
export function environment(_name: string): string | undefined {
  return undefined;
}

/** Returns how many threads can run at once on this machine. */
export function availableCores(): number {
  return navigator.hardwareConcurrency ?? 1;
}

/** Returns infinity: a page cannot see such a limit. */
export function addressSpaceBytes(): number {
  return Number.POSITIVE_INFINITY;
}

/** Does nothing: nobody can close a page's console. */
export function surviveClosedStreams(): void {}

export function isStdoutClosed(): boolean {
  return false;
}

export async function writeStdout(text: string): Promise<void> {
  console.log(text.replace(/\n$/, ''));
}

export function writeStderr(text: string): void {
  console.info(text.replace(/\n$/, ''));
}

export function isInteractive(): boolean {
  return false;
}
