import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../errors/index.ts';
import { fileError } from './file_errors.ts';
import { makeFolders } from './make_folders.ts';
import type { AtomicWriter, WriteOptions } from './types.ts';

/** Temporary files that this process has not yet renamed or removed. */
const unfinished = new Set<string>();

let isWatching = false;

/**
 * Starts a file that appears under its name only once it is complete. An existing file keeps its content until then.
 * The bytes go to a temporary file in the same folder, which `commit` syncs and renames. Missing folders are created.
 * A path that is neither a file nor unused (`/dev/null`, a pipe) is written directly, because a rename would replace
 * it.
 *
 * @throws InputError  the path is a folder, permission is denied, the disk is full, `mayReplace` refuses
 */
export async function createAtomicWriter(path: string, { mayReplace }: WriteOptions = {}): Promise<AtomicWriter> {
  try {
    const target = await fs.realpath(path).catch(() => path);
    const status = await fs.stat(target).catch(() => undefined);
    if (status?.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    if (status !== undefined && mayReplace && !(await mayReplace(path))) throw alreadyExists();
    if (status !== undefined && !status.isFile()) return streamWriter(path, await fs.open(target, 'w'));
    await makeFolders(dirname(target));
    const temporary = temporaryName(target);
    const handle = await openTemporary(temporary, status?.mode);
    return atomicWriter({ path, target, temporary, handle, mayReplace });
  } catch (error) {
    throw fileError(path, error, 'write');
  }
}

/**
 * Writes a whole file atomically: its name refers to the old content or the new, never to a part.
 *
 * @throws InputError
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  options: WriteOptions = {},
): Promise<void> {
  const writer = await createAtomicWriter(path, options);
  try {
    await writer.write(typeof content === 'string' ? new TextEncoder().encode(content) : content);
    await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Removes the temporary files of uncommitted writers, synchronously: for Ctrl-C and the end of the process. */
export function abandonUnfinishedFiles(): void {
  for (const path of unfinished) {
    try {
      unlinkSync(path);
    } catch {}
  }
  unfinished.clear();
}

/** An active writer touches its file more often than this. */
const ABANDONED_AFTER_MS = 600_000;

/** Removes the unfinished files that killed processes left in a folder. It ignores those it cannot remove. */
export async function removeAbandonedFiles(folder: string): Promise<void> {
  const names = await fs.readdir(folder).catch(() => []);
  for (const name of names.filter(isTemporary)) {
    const path = join(folder, name);
    const status = await fs.stat(path).catch(() => undefined);
    if (status && Date.now() - status.mtimeMs > ABANDONED_AFTER_MS) await fs.rm(path, { force: true }).catch(() => {});
  }
}

function isTemporary(name: string): boolean {
  return /^\..+\.\d+-[0-9a-f]{8}\.tmp$/.test(name);
}

/**
 * Random digits keep processes, threads and containers that share a folder apart. The dot hides it from image folders.
 */
function temporaryName(target: string): string {
  return join(
    dirname(target),
    `.${basename(target).slice(0, 200)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`,
  );
}

async function openTemporary(temporary: string, mode: number | undefined): Promise<fs.FileHandle> {
  cleanUpAtExit();
  unfinished.add(temporary);
  try {
    return await fs.open(temporary, 'wx', mode === undefined ? undefined : mode & 0o777);
  } catch (error) {
    unfinished.delete(temporary);
    throw error;
  }
}

interface UnfinishedFile extends WriteOptions {
  readonly path: string;
  /** Where the file will be: `path` with its links resolved. */
  readonly target: string;
  readonly temporary: string;
  readonly handle: fs.FileHandle;
}

function atomicWriter(file: UnfinishedFile): AtomicWriter {
  const { path, target, temporary, handle, mayReplace } = file;
  let open = true;
  const abort = async () => {
    if (!open) return;
    open = false;
    await handle.close().catch(() => undefined);
    await fs.rm(temporary, { force: true });
    unfinished.delete(temporary);
  };
  const attempt = async (work: () => Promise<void>) => {
    if (!open) throw new InputError(`${path}: is already closed. Open a new writer`);
    try {
      await work();
    } catch (error) {
      await abort();
      throw fileError(path, error, 'write');
    }
  };
  return {
    write: bytes => attempt(() => handle.writeFile(bytes)),
    commit: () =>
      attempt(async () => {
        await handle.sync();
        await handle.close();
        if (!mayReplace) await fs.rename(temporary, target);
        else if (!(await renameToUnused(temporary, target))) {
          if (!(await mayReplace(path))) throw alreadyExists();
          await fs.rename(temporary, target);
        }
        unfinished.delete(temporary);
        open = false;
      }),
    abort,
  };
}

/** Renames a file unless the new name is in use. Returns whether it did. */
async function renameToUnused(from: string, to: string): Promise<boolean> {
  try {
    await fs.link(from, to);
    await fs.unlink(from);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
  }
  // The file system has no hard links. An empty file takes the name first.
  try {
    await (await fs.open(to, 'wx')).close();
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  await fs.rename(from, to);
  return true;
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

function alreadyExists(): Error {
  return Object.assign(new Error('already exists'), { code: 'EEXIST' });
}

function streamWriter(path: string, handle: fs.FileHandle): AtomicWriter {
  const close = () => handle.close().catch(() => undefined);
  return {
    write: bytes =>
      handle.writeFile(bytes).catch(error => {
        throw fileError(path, error, 'write');
      }),
    commit: close,
    abort: close,
  };
}

/** Removes temporary files at exit. A signal that nobody else handles still ends the process as usual. */
function cleanUpAtExit(): void {
  if (isWatching) return;
  isWatching = true;
  process.on('exit', abandonUnfinishedFiles);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      abandonUnfinishedFiles();
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  }
}
