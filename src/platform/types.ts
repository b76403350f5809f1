/** What the rest of Raycam may ask of the machine it runs on. `node.ts` and `browser.ts` are the two answers; `#platform` resolves to one of them. */

/** Random access to bytes that need not be in memory: a file, a Blob, a buffer. */
export interface ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Exactly `length` bytes from `offset`, in a buffer of their own, or where the source can at the start of `into`, which has room for them.
   *
   * @throws InputError  past the end
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Pixels as stored: 8 bits a channel, RGB interleaved, row by row, EXIF orientation applied, alpha dropped, grey repeated. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], 0..255. */
  readonly pixels: Uint8Array;
}

/** Pixels to be written: [height, width, 3] or [height, width, 4], told apart by the length. */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export interface DirectoryEntry {
  readonly name: string;
  /** True for folders and for links to folders; false for a link that leads nowhere. */
  readonly isDirectory: boolean;
}

/** What tells an unchanged file without reading it. */
export interface FileStatus {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly isDirectory: boolean;
}

/** A file that is being written: it appears under its name at `commit`, complete, or never. */
export interface AtomicWriter {
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface LockOptions {
  /** Called now and then while another process has the lock. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
}

/** SHA-256 of bytes that arrive in pieces. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The digest of everything so far, 64 hexadecimal digits; ends the hash. */
  digestHex(): string;
}

/** A thread with messages in both directions. */
export interface WorkerThread {
  post(message: unknown): void;
  onMessage(handler: (message: unknown) => void): void;
  /** Called when the thread could not start, or ended with an error. */
  onFailure(handler: (error: Error) => void): void;
  /** Whether it keeps the process alive, where there is one. */
  ref(): void;
  unref(): void;
  /** Ends it, whatever it does. */
  terminate(): void;
}
