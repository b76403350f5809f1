import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileError } from './file_errors.ts';
import type { LockOptions } from './types.ts';

/** How often a holder refreshes its lock, and how old a lock may be before others take it over. */
const BEAT_MS = 5000;
const EXPIRES_AFTER_MS = 30_000;
const POLL_MS = 250;

/**
 * Runs `work` while it holds the lock file at `path`, on this machine or on others that share the folder.
 * The lock of a process that ended without removing it is taken over: at once on the same machine, after half a minute
 * from another one. The lock avoids duplicate work but does not protect data: files written under it must be atomic.
 *
 * @throws InputError  the lock file cannot be created
 * @throws             the signal's reason, when it aborts
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const mark = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  while (!(await take(path, mark))) {
    options.signal?.throwIfAborted();
    if (await isAbandoned(path)) await fs.rm(path, { force: true });
    else {
      options.onWait?.();
      await new Promise(resolve => setTimeout(resolve, POLL_MS));
    }
  }
  const beat = setInterval(() => fs.utimes(path, new Date(), new Date()).catch(() => undefined), BEAT_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await content(path)) === mark) await fs.rm(path, { force: true });
  }
}

async function take(path: string, mark: string): Promise<boolean> {
  try {
    await fs.writeFile(path, mark, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fileError(path, error, 'write');
  }
}

/** Reports whether the lock's holder has ended, or has not refreshed it for too long. */
async function isAbandoned(path: string): Promise<boolean> {
  const status = await fs.stat(path).catch(() => undefined);
  if (status === undefined) return false;
  const ageMs = Date.now() - status.mtimeMs;
  const holder = parse(await content(path));
  // An empty file is either being written right now, or its writer was killed.
  if (holder === undefined) return ageMs > 2000;
  return ageMs > EXPIRES_AFTER_MS || (holder.host === hostname() && !isAlive(holder.pid));
}

function content(path: string): Promise<string> {
  return fs.readFile(path, 'utf8').catch(() => '');
}

function parse(text: string): { pid: number; host: string } | undefined {
  try {
    const { pid, host } = JSON.parse(text) as Record<string, unknown>;
    return Number.isSafeInteger(pid) && typeof host === 'string' ? { pid: pid as number, host } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
