/** The X-rays on the strip, and which one is selected. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { call as engineCall } from '../engine/client.ts';
import { listImages, readImage, removeImage, type StoredImage } from '../shared/image_store.ts';
import type { SiteImage } from '../shared/site.ts';
import { param, setParams } from './route.ts';
import { site } from './site.ts';

export interface ImageEntry {
  /** SHA-256 of the file. */
  readonly hash: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Its label, if known. */
  readonly label?: string;
  /** An object URL of the unchanged file, or of its preview if there is one. */
  readonly url: string;
  /** The decoder's notes: clauses that follow the name. */
  readonly notes?: readonly string[];
}

export interface ImageFault {
  readonly name: string;
  readonly message: string;
}

/** What file pickers offer. Browsers do not count the files of the listed endings as images. */
export const IMAGE_FILES = 'image/*,.dcm,.dicom,.tif,.tiff,.pgm,.ppm,.pbm';

export const images = signal<readonly ImageEntry[]>([]);
/** Files that could not be added, with the reason. */
export const imageFaults = signal<readonly ImageFault[]>([]);

/** The image that the address names by the first digits of its hash. */
export const currentImage = computed(() => findImage(param('image')));
/** The image shown next to it. */
export const comparedImage = computed(() => findImage(param('with')));
/** Whether the address names an image that is not on this computer. */
export const isImageMissing = computed(() => param('image') !== undefined && currentImage.value === undefined);

/** Digits of a hash in an address. */
const SHORT = 16;
/** Fewer digits do not identify a file. */
const LEAST = 8;

export function selectImage(hash: string | null): void {
  setParams({ image: hash?.slice(0, SHORT) ?? null });
}

export function compareWith(hash: string | null): void {
  setParams({ with: hash?.slice(0, SHORT) ?? null });
}

/** Restores the images of the last visit. From then on, adds the bundled images that the address names. */
export async function restoreImages(): Promise<void> {
  const stored = await listImages();
  images.value = stored.map(([hash, image]) => entryOf(hash, image));
  effect(() => {
    const wanted = [param('image'), param('with')];
    untracked(() => {
      for (const prefix of wanted) void addWanted(prefix);
    });
  });
}

async function addWanted(prefix: string | undefined): Promise<void> {
  if (!prefix || prefix.length < LEAST || findImage(prefix)) return;
  const bundled = site.value?.images.find(({ sha256 }) => sha256.startsWith(prefix));
  if (bundled) await addBundled(bundled, { select: false });
}

/** Adds files, and selects the first that can be decoded. */
export async function addFiles(files: readonly File[]): Promise<void> {
  imageFaults.value = [];
  let first = true;
  for (const file of files) {
    const hash = await add(file, file.name);
    if (hash && first) {
      selectImage(hash);
      first = false;
    }
  }
}

export async function addBundled(image: SiteImage, { select = true } = {}): Promise<void> {
  imageFaults.value = [];
  const response = await fetch(new URL(image.url, document.baseURI)).catch(() => undefined);
  if (!response?.ok) {
    imageFaults.value = [{ name: image.name, message: `${image.name}: could not be fetched. Try again` }];
    return;
  }
  const hash = await add(await response.blob(), image.name, image.label);
  if (hash && select) selectImage(hash);
}

export async function forgetImage(hash: string): Promise<void> {
  const entry = images.value.find(image => image.hash === hash);
  images.value = images.value.filter(image => image.hash !== hash);
  if (entry) URL.revokeObjectURL(entry.url);
  await removeImage(hash);
  if (comparedImage.value === undefined && param('with')) compareWith(null);
  if (currentImage.value === undefined && param('image')) selectImage(images.value[0]?.hash ?? null);
}

async function add(blob: Blob, name: string, label?: string): Promise<string | undefined> {
  try {
    const { hash, width, height } = await engineCall('addImage', { blob, name, label });
    if (!images.value.some(image => image.hash === hash)) {
      const kept = (await readImage(hash)) ?? { name, width, height, label, blob };
      images.value = [...images.value, entryOf(hash, { ...kept, name, label })];
    }
    return hash;
  } catch (error) {
    imageFaults.value = [...imageFaults.value, { name, message: (error as Error).message }];
    return undefined;
  }
}

function entryOf(hash: string, { name, width, height, label, notes, preview, blob }: Omit<StoredImage, 'addedMs'>) {
  return { hash, name, width, height, label, notes, url: URL.createObjectURL(preview ?? blob) };
}

function findImage(prefix: string | undefined): ImageEntry | undefined {
  return prefix && prefix.length >= LEAST ? images.value.find(({ hash }) => hash.startsWith(prefix)) : undefined;
}
