/** A partial download: `<name>.part`, and `<name>.part.json`, which records where it comes from. */
import { appendFile, fileExists, fileSize, readTextFile, removeFile, writeFileAtomic } from '#platform';

/** What must be unchanged for a download to be resumed. */
export interface PartOrigin {
  readonly url: string;
  /** Value for If-Range: a strong ETag, or else Last-Modified. */
  readonly validator?: string;
}

/** Another process writes to the same part. That part must not be modified. */
export class PartConflict extends Error {}

/** Data is buffered up to this size, so that the file is not opened for every packet. */
const PIECE_BYTES = 1 << 20;

export class PartFile {
  readonly path: string;
  /** Whether its name is unique, so that no other call writes to it or resumes it. */
  readonly isPrivate: boolean;
  /** Whether its first bytes come from an earlier run. */
  isResumed: boolean;
  private origin: PartOrigin;
  private writtenBytes: number;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;

  private constructor(path: string, origin: PartOrigin, writtenBytes = 0, isPrivate = false) {
    this.path = path;
    this.isPrivate = isPrivate;
    this.isResumed = writtenBytes > 0;
    this.origin = origin;
    this.writtenBytes = writtenBytes;
  }

  /** Opens the part of the file that will have this path. Resumes an existing part if it comes from the same URL. */
  static async open(filePath: string, url: string): Promise<PartFile> {
    const path = partPath(filePath);
    const origin = await readOrigin(path);
    if (origin?.url === url && origin.validator !== undefined && (await fileExists(path))) {
      return new PartFile(path, origin, await fileSize(path));
    }
    const part = new PartFile(path, { url });
    await part.discard();
    return part;
  }

  /** Opens a part with a unique name, for use when another process writes to the shared one. */
  static openPrivate(filePath: string, url: string): PartFile {
    return new PartFile(`${filePath}.${crypto.randomUUID()}.part`, { url }, 0, true);
  }

  get sizeBytes(): number {
    return this.writtenBytes + this.waitingBytes;
  }

  get validator(): string | undefined {
    return this.origin.validator;
  }

  /** Discards the part and starts over. */
  async restart(validator: string | undefined): Promise<void> {
    await this.discard();
    this.isResumed = false;
    this.origin = { url: this.origin.url, validator };
    await writeFileAtomic(originPath(this.path), JSON.stringify(this.origin));
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes >= PIECE_BYTES) await this.flush();
  }

  /** Writes the buffered data. @throws PartConflict  the file does not have the size that this process expects */
  async flush(): Promise<void> {
    const [pieces, length] = [this.waiting, this.waitingBytes];
    this.waiting = [];
    this.waitingBytes = 0;
    await this.checkSize();
    if (length === 0) return;
    try {
      await appendFile(this.path, joined(pieces, length));
    } catch (error) {
      // A full disk may have stored some of the bytes. They are valid, so keep them.
      this.writtenBytes = await fileSize(this.path).catch(() => 0);
      throw error;
    }
    this.writtenBytes += length;
    await this.checkSize();
  }

  /** Removes the part and its record. */
  async discard(): Promise<void> {
    this.waiting = [];
    this.waitingBytes = 0;
    this.writtenBytes = 0;
    await removeFile(this.path);
    await this.forget();
  }

  /** Removes only the record, after the part has been renamed to the file. */
  async forget(): Promise<void> {
    await removeFile(originPath(this.path));
  }

  private async checkSize(): Promise<void> {
    const actual = (await fileExists(this.path)) ? await fileSize(this.path) : 0;
    if (actual !== this.writtenBytes) throw new PartConflict(`${this.path}: is being written by another process`);
  }
}

/** Returns the path of the shared part of a file. */
export function partPath(filePath: string): string {
  return `${filePath}.part`;
}

function originPath(path: string): string {
  return `${path}.json`;
}

async function readOrigin(path: string): Promise<PartOrigin | undefined> {
  try {
    const { url, validator } = JSON.parse(await readTextFile(originPath(path))) as Record<string, unknown>;
    if (typeof url !== 'string') return undefined;
    return { url, validator: typeof validator === 'string' ? validator : undefined };
  } catch {
    return undefined;
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
