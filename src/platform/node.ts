import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileError } from './file_errors.ts';
import type { Sha256 } from './types.ts';

export { addressSpaceBytes } from './address_space.ts';
export {
  abandonUnfinishedFiles,
  createAtomicWriter,
  removeAbandonedFiles,
  writeFileAtomic,
} from './atomic_file.ts';
export { blobSource, bytesSource } from './bytes.ts';
export { requestGpuAdapter } from './gpu_node.ts';
export { cacheDirectory, environment } from './node_environment.ts';
export {
  appendFile,
  checkWritable,
  fileExists,
  fileIdentity,
  fileSize,
  fileStatus,
  listDirectory,
  makeDirectory,
  openFile,
  readFile,
  readTextFile,
  removeFile,
  renameFile,
} from './node_files.ts';
export { decodeImage, encodePng } from './node_image.ts';
export { inflateRaw } from './node_inflate.ts';
export { withFileLock } from './node_lock.ts';
export { packageFile } from './node_package.ts';
export {
  isInteractive,
  isStdoutClosed,
  readStdin,
  surviveClosedStreams,
  writeStderr,
  writeStdout,
} from './standard_streams.ts';
export type * from './types.ts';
export { allowRelaxedSimd, enableWideSimd, isWideSimdEnabled } from './webassembly_node.ts';
export { canShareMemory, spawnWorker } from './workers_node.ts';

/** Returns the SHA-256 as 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  return createHash('sha256').update(bytes).digest('hex');
}

export function createSha256(): Sha256 {
  const hash = createHash('sha256');
  return {
    update: bytes => {
      hash.update(bytes);
    },
    digestHex: () => hash.digest('hex'),
  };
}

export function joinPath(...parts: string[]): string {
  return join(...parts);
}

/** Returns the last part of a path, without the given ending. */
export function baseName(path: string, ending?: string): string {
  return basename(path, ending);
}

export function directoryName(path: string): string {
  return dirname(path);
}

/** Returns an absolute path, resolved against the current folder. @throws InputError  that folder was deleted */
export function resolvePath(...parts: string[]): string {
  try {
    return resolve(...parts);
  } catch (error) {
    throw fileError(join(...parts), error, 'read');
  }
}

/** Returns how many threads can run at once on this machine. */
export function availableCores(): number {
  return availableParallelism();
}
