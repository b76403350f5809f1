/** Stores complete, checked weights files in the browser's private file system, or in memory if it has none. */
import { createSha256 } from '#platform';
import { WeightsError } from '../../errors/index.ts';
import { formatSizes } from '../../weights/byte_source.ts';

export interface StoredFile {
  readonly file: string;
  readonly sizeBytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** False if the file is in memory only, and lost when the page closes. */
  readonly isKept: boolean;
}

export interface StoredBlob extends StoredFile {
  readonly blob: Blob;
}

export interface KeepRequest {
  readonly file: string;
  readonly body: ReadableStream<Uint8Array>;
  /** 0 if unknown. */
  readonly sizeBytes: number;
  /** The known leading digits. */
  readonly sha256: string;
  readonly onProgress: (receivedBytes: number) => void;
}

/** TypeScript's DOM types omit worker-only interfaces. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

type WorkerFileHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccessHandle> };

const FOLDER = 'weights';
const RECORD = '.sha256';

const inMemory = new Map<string, StoredBlob>();

/** Returns every complete file, sorted by name. */
export async function listStored(): Promise<StoredFile[]> {
  const found: StoredFile[] = [...inMemory.values()].map(({ blob: _, ...about }) => about);
  const folder = await openFolder();
  if (folder)
    for await (const name of folder.keys()) {
      const stored = name.endsWith(RECORD) ? await findStored(name.slice(0, -RECORD.length)) : undefined;
      if (stored) found.push({ file: stored.file, sizeBytes: stored.sizeBytes, sha256: stored.sha256, isKept: true });
    }
  return found.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Returns a complete file, or undefined. A file whose size differs from its record does not count. */
export async function findStored(file: string): Promise<StoredBlob | undefined> {
  if (inMemory.has(file)) return inMemory.get(file);
  const folder = await openFolder();
  if (!folder) return undefined;
  try {
    const record = await (await (await folder.getFileHandle(file + RECORD)).getFile()).text();
    const match = /^([0-9a-f]{64}) {2}(\d+)\n$/.exec(record);
    const blob = await (await folder.getFileHandle(file)).getFile();
    if (!match || blob.size !== Number(match[2])) return undefined;
    return { file, blob, sha256: match[1]!, sizeBytes: blob.size, isKept: true };
  } catch {
    return undefined;
  }
}

/**
 * Writes a stream and then its digest. The file counts as stored only once it is complete and has the expected digest.
 *
 * @throws WeightsError  the stream has an unexpected size or digest, or its connection breaks; nothing stays stored
 */
export async function keepStream(request: KeepRequest): Promise<StoredBlob> {
  const folder = await openFolder();
  return folder ? keepOnDisk(folder, request).catch(error => explainFull(error, request)) : keepInMemory(request);
}

export async function removeStored(file: string): Promise<void> {
  inMemory.delete(file);
  const folder = await openFolder();
  for (const name of [file + RECORD, file]) await folder?.removeEntry(name).catch(() => {});
}

async function keepOnDisk(folder: FileSystemDirectoryHandle, request: KeepRequest): Promise<StoredBlob> {
  const { file } = request;
  await removeStored(file);
  const handle = (await folder.getFileHandle(file, { create: true })) as WorkerFileHandle;
  const writer = await handle.createSyncAccessHandle();
  let at = 0;
  try {
    const sha256 = await consume(request, bytes => {
      at += writer.write(bytes, { at });
    });
    writer.flush();
    writer.close();
    const record = (await folder.getFileHandle(file + RECORD, { create: true })) as WorkerFileHandle;
    const recorder = await record.createSyncAccessHandle();
    recorder.write(new TextEncoder().encode(`${sha256}  ${at}\n`), { at: 0 });
    recorder.close();
    return { file, blob: await handle.getFile(), sha256, sizeBytes: at, isKept: true };
  } catch (error) {
    writer.close();
    await removeStored(file);
    throw error;
  }
}

async function keepInMemory(request: KeepRequest): Promise<StoredBlob> {
  const pieces: Uint8Array[] = [];
  const sha256 = await consume(request, bytes => pieces.push(bytes));
  const blob = new Blob(pieces as BlobPart[]);
  const stored = { file: request.file, blob, sha256, sizeBytes: blob.size, isKept: false };
  inMemory.set(request.file, stored);
  return stored;
}

/** Reads a stream to its end. Returns its digest. @throws WeightsError */
async function consume(request: KeepRequest, write: (bytes: Uint8Array) => void): Promise<string> {
  const { file, body, sizeBytes, sha256: expected, onProgress } = request;
  const hash = createSha256();
  const reader = body.getReader();
  let received = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      hash.update(next.value);
      write(next.value);
      received += next.value.length;
      onProgress(received);
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new WeightsError(`weights: the connection broke while fetching ${file}. Try again`, { cause: error });
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (sizeBytes > 0 && received !== sizeBytes) {
    const [got, wanted] = formatSizes(received, sizeBytes);
    throw new WeightsError(`weights: ${file} is damaged (${got}, expected ${wanted}). Try again`);
  }
  const digest = hash.digestHex();
  if (!digest.startsWith(expected))
    throw new WeightsError(
      `weights: ${file} is damaged (SHA-256 ${digest.slice(0, 16)}…, expected ${expected.slice(0, 16)}…). Put the right file there`,
    );
  return digest;
}

async function explainFull(error: unknown, { file }: KeepRequest): Promise<never> {
  if (error instanceof DOMException && error.name === 'QuotaExceededError')
    throw new WeightsError(`weights: the browser has no room for ${file}. Delete stored weights, or free disk space`, {
      cause: error,
    });
  throw error;
}

/** Opens the folder of weights, or returns undefined: private windows of some browsers have no such file system. */
async function openFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch {
    return undefined;
  }
}
