import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { checkRange } from './bytes.ts';
import { fileError } from './file_errors.ts';
import type { ByteSource, DirectoryEntry, FileStatus } from './types.ts';

/** The most bytes asked of one system call; Linux and Node refuse 2 GiB. */
const READ_LIMIT_BYTES = 2 ** 30;

/** How many links are followed at once when a folder is listed. */
const LINKS_AT_ONCE = 64;

/**
 * Opens a file for reading anywhere in it. The caller closes it.
 *
 * @throws InputError  no such file, a folder, no permission
 */
export async function openFile(path: string): Promise<ByteSource> {
  const handle = await reading(path, () => fs.open(path, 'r'));
  const status = await reading(path, () => handle.stat());
  if (status.isDirectory()) {
    await handle.close();
    throw fileError(path, { code: 'EISDIR' }, 'read');
  }
  return {
    name: basename(path),
    sizeBytes: status.size,
    async read(offset, length) {
      checkRange({ name: path, sizeBytes: status.size, offset, length });
      return reading(path, () => readExactly({ handle, path, offset, length }));
    },
    close: () => handle.close(),
  };
}

async function readExactly(range: { handle: fs.FileHandle; path: string; offset: number; length: number }) {
  const { handle, path, offset, length } = range;
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const wanted = Math.min(length - done, READ_LIMIT_BYTES);
    const { bytesRead } = await handle.read(bytes, done, wanted, offset + done);
    if (bytesRead === 0) throw new InputError(`${path}: the file became shorter while it was read. Try again`);
    done += bytesRead;
  }
  return bytes;
}

/** A whole file. @throws InputError */
export async function readFile(path: string): Promise<Uint8Array> {
  const buffer = await reading(path, () => fs.readFile(path));
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** A whole file as UTF-8. @throws InputError */
export async function readTextFile(path: string): Promise<string> {
  return reading(path, () => fs.readFile(path, 'utf8'));
}

/** True for a file, a folder, or a link to one. */
export async function fileExists(path: string): Promise<boolean> {
  return fs.access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

export async function fileSize(path: string): Promise<number> {
  return (await fileStatus(path)).sizeBytes;
}

/** Follows links. @throws InputError */
export async function fileStatus(path: string): Promise<FileStatus> {
  const status = await reading(path, () => fs.stat(path));
  return { sizeBytes: status.size, modifiedMs: status.mtimeMs, isDirectory: status.isDirectory() };
}

/** Creates the file when there is none. */
export async function appendFile(path: string, bytes: Uint8Array): Promise<void> {
  await writing(path, () => fs.appendFile(path, bytes));
}

/** No error when it is gone already. */
export async function removeFile(path: string): Promise<void> {
  await writing(path, () => fs.rm(path, { force: true }));
}

/** Replaces what has the new name. */
export async function renameFile(from: string, to: string): Promise<void> {
  await writing(from, () => fs.rename(from, to));
}

/** With its parents; no error when it is there already. */
export async function makeDirectory(path: string): Promise<void> {
  await writing(path, () => fs.mkdir(path, { recursive: true }));
}

/**
 * What a folder holds, links followed, sorted by name (UTF-16 code units, so the same on every machine).
 *
 * @throws InputError  no such folder, or a file
 */
export async function listDirectory(path: string): Promise<DirectoryEntry[]> {
  const found = await reading(path, () => fs.readdir(path, { withFileTypes: true }));
  const entries: DirectoryEntry[] = found
    .filter(entry => !entry.isSymbolicLink())
    .map(entry => ({ name: entry.name, isDirectory: entry.isDirectory() }));
  const links = found.filter(entry => entry.isSymbolicLink());
  for (let start = 0; start < links.length; start += LINKS_AT_ONCE) {
    const group = links.slice(start, start + LINKS_AT_ONCE);
    entries.push(...(await Promise.all(group.map(link => followLink(path, link.name)))));
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function followLink(folder: string, name: string): Promise<DirectoryEntry> {
  const status = await fs.stat(join(folder, name)).catch(() => undefined);
  return { name, isDirectory: status?.isDirectory() ?? false };
}

/** The path with every link resolved: two names of one folder give the same. @throws InputError */
export async function realPath(path: string): Promise<string> {
  return reading(path, () => fs.realpath(resolve(path)));
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  return work().catch(error => {
    throw fileError(path, error, 'read');
  });
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  return work().catch(error => {
    throw fileError(path, error, 'write');
  });
}
