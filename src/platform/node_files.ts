import { constants, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../errors/index.ts';
import { checkRange } from './bytes.ts';
import { fileError } from './file_errors.ts';
import { makeFolders } from './make_folders.ts';
import { readPipe, tooLarge } from './pipe.ts';
import type { ByteSource, DirectoryEntry, FileStatus, PipeOptions } from './types.ts';

/** The largest read per system call; Linux and Node refuse 2 GiB. */
const READ_LIMIT_BYTES = 2 ** 30;

/** How many links a folder listing follows at once. */
const LINKS_AT_ONCE = 64;

/** Opening a pipe must not block until someone writes to it. Windows has neither such pipes nor the flag. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file for random access. The caller closes it.
 *
 * @throws InputError  the file does not exist, is a folder, a pipe or a device, or permission is denied
 */
export async function openFile(path: string): Promise<ByteSource> {
  const handle = await reading(path, () => fs.open(path, READ_WITHOUT_WAITING));
  const status = await reading(path, () => handle.stat());
  if (!status.isFile()) {
    await handle.close();
    throw notAFile(path, status);
  }
  return {
    name: basename(path),
    sizeBytes: status.size,
    async read(offset, length, into) {
      checkRange({ name: path, sizeBytes: status.size, offset, length });
      const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
      return reading(path, () => readExactly({ handle, path, offset, bytes }));
    },
    close: () => handle.close(),
  };
}

async function readExactly(range: { handle: fs.FileHandle; path: string; offset: number; bytes: Uint8Array }) {
  const { handle, path, offset, bytes } = range;
  let done = 0;
  while (done < bytes.length) {
    const wanted = Math.min(bytes.length - done, READ_LIMIT_BYTES);
    const { bytesRead } = await handle.read(bytes, done, wanted, offset + done);
    if (bytesRead === 0) {
      const [got, expected] = [offset + done, offset + bytes.length];
      throw new InputError(`${path}: ends early (${got} of ${expected} bytes): it shrank while it was read. Try again`);
    }
    done += bytesRead;
  }
  return bytes;
}

/**
 * Reads a whole file, or a pipe to its end.
 *
 * @throws InputError  larger than `maxBytes`, or any error of openFile
 * @throws the signal's reason, while a pipe is read
 */
export async function readFile(
  path: string,
  maxBytes = Number.POSITIVE_INFINITY,
  pipe: PipeOptions = {},
): Promise<Uint8Array> {
  const handle = await reading(path, () => fs.open(path, READ_WITHOUT_WAITING));
  try {
    const status = await reading(path, () => handle.stat());
    if (status.isFIFO()) return await readPipe(handle, { name: path, maxBytes, ...pipe });
    if (!status.isFile()) throw notAFile(path, status);
    if (status.size > maxBytes) throw tooLarge(path, status.size, maxBytes);
    if (status.size === 0) return await reading(path, async () => copied(await handle.readFile()));
    return await reading(path, () => readExactly({ handle, path, offset: 0, bytes: new Uint8Array(status.size) }));
  } finally {
    await handle.close();
  }
}

/** Reads a whole file as UTF-8. @throws InputError */
export async function readTextFile(path: string, maxBytes?: number, pipe?: PipeOptions): Promise<string> {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await readFile(path, maxBytes, pipe));
}

function copied(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function notAFile(path: string, status: Stats): Error {
  if (status.isDirectory()) return fileError(path, { code: 'EISDIR' }, 'read');
  return new InputError(`${path}: is a pipe, a socket or a device, not a file. Copy its content to a file first`);
}

/** Returns true for a file, a folder, or a link to one. */
export async function fileExists(path: string): Promise<boolean> {
  return fs.access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

export async function fileSize(path: string): Promise<number> {
  return (await fileStatus(path)).sizeBytes;
}

/** Returns a path's status, following links. @throws InputError */
export async function fileStatus(path: string): Promise<FileStatus> {
  const status = await reading(path, () => fs.stat(path));
  return { sizeBytes: status.size, modifiedMs: status.mtimeMs, isDirectory: status.isDirectory() };
}

/** Appends to a file, creating it if necessary. */
export async function appendFile(path: string, bytes: Uint8Array): Promise<void> {
  await writing(path, () => fs.appendFile(path, bytes));
}

/** Removes a file. A missing file is not an error. */
export async function removeFile(path: string): Promise<void> {
  await writing(path, () => fs.rm(path, { force: true }));
}

/** Renames a file, replacing any file with the new name. */
export async function renameFile(from: string, to: string): Promise<void> {
  await writing(from, () => fs.rename(from, to));
}

/** Creates a folder and its parents. An existing folder is not an error. */
export async function makeDirectory(path: string): Promise<void> {
  await writing(path, () => makeFolders(path));
}

/**
 * Checks that a file can be written, before the work whose result it will contain: it is not a folder, and its folder
 * exists or can be created.
 *
 * @throws InputError
 */
export async function checkWritable(path: string): Promise<void> {
  await writing(path, async () => {
    const status = await fs.stat(path).catch(() => undefined);
    if (status?.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    if (status !== undefined && !status.isFile()) return;
    let folder = dirname(path);
    while (!(await fileExists(folder)) && dirname(folder) !== folder) folder = dirname(folder);
    if (!(await fs.stat(folder)).isDirectory()) throw Object.assign(new Error('is a file'), { code: 'ENOTDIR' });
    await fs.access(folder, constants.W_OK);
  });
}

/**
 * Lists a folder, following links. The order by name (UTF-16 code units) is the same on every machine.
 *
 * @throws InputError  the folder does not exist, or the path is a file
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

/** Returns an id of a file or folder that is unique on this machine and equal for all its names. @throws InputError */
export async function fileIdentity(path: string): Promise<string> {
  const { dev, ino } = await reading(path, () => fs.stat(path, { bigint: true }));
  return `${dev}:${ino}`;
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
