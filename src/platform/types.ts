/**
 * Types of the platform layer, which `node.ts` and `browser.ts` both implement. `#platform` resolves to one of them.
 */

export type { DecodedImage, DecodeOptions, ImageDescription } from '../images/types.ts';

/** Random access to bytes that need not be in memory: a file, a Blob, a buffer. */
export interface ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Reads exactly `length` bytes from `offset` into a new buffer. A source that can do so reads into the start of
   * `into` instead, which must have room for them.
   *
   * @throws InputError  the range ends past the source's end
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Pixels to encode: [height, width, 3] or [height, width, 4], distinguished by the length. */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export interface DirectoryEntry {
  readonly name: string;
  /** True for folders and links to folders; false for a broken link. */
  readonly isDirectory: boolean;
}

/** What identifies an unchanged file without reading it. */
export interface FileStatus {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly isDirectory: boolean;
}

/** A file being written. `commit` makes it appear under its name, complete; without `commit` it never appears. */
export interface AtomicWriter {
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface WriteOptions {
  /**
   * Decides whether an existing file may be replaced, just before that would happen. By default every file may. If not,
   * the write fails, even if the file appeared while this one was written.
   */
  readonly mayReplace?: (path: string) => Promise<boolean>;
}

export interface PipeOptions {
  readonly signal?: AbortSignal;
  /** Called once if the writer of a pipe has been silent for some seconds. The pipe is waited for all the same. */
  readonly onWait?: () => void;
}

export interface LockOptions {
  /** Called from time to time while another process holds the lock. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
}

/** SHA-256 of bytes that arrive in pieces. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** Ends the hash and returns the digest of all bytes, as 64 hexadecimal digits. */
  digestHex(): string;
}

/** A thread with messages in both directions. */
export interface WorkerThread {
  post(message: unknown): void;
  onMessage(handler: (message: unknown) => void): void;
  /** Called when the thread could not start, or ended with an error. */
  onFailure(handler: (error: Error) => void): void;
  /** `ref` makes it keep the process alive, `unref` no longer; a page ignores both. */
  ref(): void;
  unref(): void;
  /** Ends the thread, whatever it is doing. */
  terminate(): void;
}

/**
 * `auto` chooses a hardware GPU if there is one, otherwise `wasm`. Software Vulkan is slower and used only on request.
 */
export type AdapterChoice = 'auto' | 'gpu' | 'wasm' | 'swiftshader';

export interface AdapterOptions {
  /** Threads of the adapter `wasm`; by default one per core, at most 8. */
  readonly threads?: number;
  /**
   * For the adapter `wasm` in Node: an experimental V8 flag makes it almost twice as fast
   * (`WasmAdapterOptions.wideSimd`).
   */
  readonly wideSimd?: boolean;
  /** For a GPU: uses its matrix hardware through an experimental feature of Dawn and Chromium (`SubgroupMatrix`). */
  readonly subgroupMatrix?: boolean;
}

/** `gpu` is hardware; `wasm` is WebAssembly on the CPU; `software` is a Vulkan driver on the CPU. */
export type AdapterKind = 'gpu' | 'wasm' | 'software';

/** The adapter that the platform found for a choice. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly kind: AdapterKind;
  /** Dawn's names of the toggles that were requested. */
  readonly toggles: readonly string[];
  /** Threads of the wasm device; 0 is the calling thread. */
  readonly threads?: number;
}
