/** A download that is not complete: `<name>.part`, and beside it `<name>.part.json` that says of what. */
import { appendFile, fileExists, fileSize, readTextFile, removeFile, writeFileAtomic } from '#platform';

/** What must still hold for the rest to fit the part that is there. */
export interface PartOrigin {
  readonly url: string;
  /** A strong ETag, else Last-Modified: what If-Range takes. */
  readonly validator?: string;
}

/** Somebody else writes to the same part: the other one is left alone. */
export class PartConflict extends Error {}

/** Written in pieces of this size, so that a file is not opened for every packet. */
const PIECE_BYTES = 1 << 20;

export class PartFile {
  readonly path: string;
  /** Under a name that no other call uses, nor goes on with. */
  readonly isPrivate: boolean;
  /** Whether its first bytes are an earlier run's. */
  isResumed: boolean;
  #origin: PartOrigin;
  #writtenBytes: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  private constructor(path: string, origin: PartOrigin, writtenBytes = 0, isPrivate = false) {
    this.path = path;
    this.isPrivate = isPrivate;
    this.isResumed = writtenBytes > 0;
    this.#origin = origin;
    this.#writtenBytes = writtenBytes;
  }

  /** The part of the file that will have this path. Goes on with one of the same address, if there is one. */
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

  /** For when another process writes to the common one. */
  static openPrivate(filePath: string, url: string): PartFile {
    return new PartFile(`${filePath}.${crypto.randomUUID()}.part`, { url }, 0, true);
  }

  get sizeBytes(): number {
    return this.#writtenBytes + this.#waitingBytes;
  }

  get validator(): string | undefined {
    return this.#origin.validator;
  }

  /** Begins anew. */
  async restart(validator: string | undefined): Promise<void> {
    await this.discard();
    this.isResumed = false;
    this.#origin = { url: this.#origin.url, validator };
    await writeFileAtomic(originPath(this.path), JSON.stringify(this.#origin));
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= PIECE_BYTES) await this.flush();
  }

  /** @throws PartConflict  the file does not have the size that this process gave it */
  async flush(): Promise<void> {
    const [pieces, length] = [this.#waiting, this.#waitingBytes];
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.checkSize();
    if (length === 0) return;
    try {
      await appendFile(this.path, joined(pieces, length));
    } catch (error) {
      // A full disk may have taken a part of it, which is as good as the rest.
      this.#writtenBytes = await fileSize(this.path).catch(() => 0);
      throw error;
    }
    this.#writtenBytes += length;
    await this.checkSize();
  }

  /** Removes the part and what is known of it. */
  async discard(): Promise<void> {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#writtenBytes = 0;
    await removeFile(this.path);
    await this.forget();
  }

  /** For a part that has become the file itself. */
  async forget(): Promise<void> {
    await removeFile(originPath(this.path));
  }

  private async checkSize(): Promise<void> {
    const actual = (await fileExists(this.path)) ? await fileSize(this.path) : 0;
    if (actual !== this.#writtenBytes) throw new PartConflict(`${this.path}: another process writes to it`);
  }
}

/** Where the common part of a file lies. */
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
