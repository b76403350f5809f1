/** Stores the visitor's X-rays in this browser, keyed by SHA-256. The page and the engine use the same store. */
import { createStore, del, entries, get, set, type UseStore } from 'idb-keyval';

export interface StoredImage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Its label, if known: the folder it came from. */
  readonly label?: string;
  readonly addedMs: number;
  /** The unchanged file. */
  readonly blob: Blob;
  /** A PNG of its pixels, if browsers do not show the file as Raycam reads it. */
  readonly preview?: Blob;
  /** The decoder's notes: clauses that follow the name. */
  readonly notes?: readonly string[];
}

let opened: UseStore | undefined;
const inMemory = new Map<string, StoredImage>();

/** Stores an image. A private window may refuse; the image then lasts only as long as the page. */
export async function keepImage(hash: string, image: StoredImage): Promise<void> {
  inMemory.set(hash, image);
  await set(hash, image, store()).catch(() => {});
}

export async function readImage(hash: string): Promise<StoredImage | undefined> {
  return inMemory.get(hash) ?? (await get<StoredImage>(hash, store()).catch(() => undefined));
}

/** Returns all images, oldest first. */
export async function listImages(): Promise<[hash: string, image: StoredImage][]> {
  const all = await entries<string, StoredImage>(store()).catch(() => [...inMemory]);
  return all.sort(([, a], [, b]) => a.addedMs - b.addedMs);
}

export async function removeImage(hash: string): Promise<void> {
  inMemory.delete(hash);
  await del(hash, store()).catch(() => {});
}

function store(): UseStore {
  opened ??= createStore('raycam', 'images');
  return opened;
}
