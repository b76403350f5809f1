import { baseName } from '#platform';
import { InputError } from '../errors/index.ts';
import { FILE_SYSTEM, type FolderSource, IMAGE_EXTENSIONS, isIgnored, listImages, PassedOver } from './list_images.ts';

export interface FolderImage {
  readonly path: string;
  readonly classIndex: number;
  /** Name of the split, or `all` for a dataset without splits. */
  readonly split: string;
}

/** Labelled images, with one folder per class. */
export interface ImageFolder {
  readonly root: string;
  /** Sorted. An image's `classIndex` is an index into this list. */
  readonly classes: readonly string[];
  readonly images: readonly FolderImage[];
}

/** A dataset. `splits` contains each of `train`, `val` and `test` whose folder exists, or only `all`. */
export interface Dataset {
  readonly root: string;
  readonly classes: readonly string[];
  /** The files in its folders that are not images. */
  readonly passedOver: PassedOver;
  readonly splits: Readonly<Partial<Record<Split, ImageFolder>>>;
}

export type Split = 'train' | 'val' | 'test' | 'all';

/** Names of folders that contain a split, in lower case. */
export const SPLIT_FOLDERS: ReadonlyMap<string, Split> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['validate', 'val'],
  ['dev', 'val'],
  ['development', 'val'],
  ['test', 'test'],
  ['testing', 'test'],
]);

/**
 * Opens labelled images by torchvision's rules: one folder per class, classes sorted by name, and all images of a class
 * at any depth, folder by folder. Ignores names with a leading dot and `__MACOSX`.
 *
 * @throws InputError  the folder does not exist, has fewer than two classes, or has a class without images
 * Source: torchvision.datasets.ImageFolder
 */
export async function openImageFolder(
  root: string,
  split = 'all',
  source: FolderSource = FILE_SYSTEM,
  passedOver = new PassedOver(),
): Promise<ImageFolder> {
  const classes = await subfolders(root, source);
  if (classes.length < 2) throw await tooFewClasses(root, classes, source);
  const byClass = await Promise.all(classes.map(name => listImages(`${root}/${name}`, source, passedOver)));
  const images = byClass.flatMap((paths, classIndex) => paths.map(path => ({ path, classIndex, split })));
  if (images.length === 0)
    throw new InputError(`${root}: contains no images (in ${classes.join(', ')}). ${expectedEndings()}`);
  const empty = classes.filter((_, i) => byClass[i]!.length === 0);
  if (empty.length > 0) {
    const count = empty.length === 1 ? '1 class' : `${empty.length} classes`;
    throw new InputError(`${root}: has ${count} without images (${empty.join(', ')}). Add images or remove the folder`);
  }
  return { root, classes, images };
}

/**
 * Opens a dataset with or without splits.
 *
 * Each of the folders `train`, `val` and `test`, or another name in SPLIT_FOLDERS, is a split if it exists and itself
 * contains folders. Case does not matter. If there is none of these, the folder itself contains the classes, as the
 * split `all`.
 *
 * @throws InputError  as openImageFolder, or the splits have different classes
 */
export async function openDataset(root: string, source: FolderSource = FILE_SYSTEM): Promise<Dataset> {
  const passedOver = new PassedOver();
  const found = new Map<Split, string>();
  for (const name of await subfolders(root, source)) {
    const split = SPLIT_FOLDERS.get(name.toLowerCase());
    if (split === undefined || (await subfolders(`${root}/${name}`, source)).length === 0) continue;
    const other = found.get(split);
    if (other !== undefined) {
      throw new InputError(`${root}: has two folders for the split "${split}" (${other}, ${name}). Keep one of them`);
    }
    found.set(split, name);
  }
  if (found.size === 0) {
    const all = await openImageFolder(root, 'all', source, passedOver);
    return { root, classes: all.classes, passedOver, splits: { all } };
  }
  const splits: Partial<Record<Split, ImageFolder>> = {};
  let first: ImageFolder | undefined;
  for (const split of ['train', 'val', 'test'] as const) {
    const name = found.get(split);
    if (name === undefined) continue;
    const folder = await openImageFolder(`${root}/${name}`, split, source, passedOver);
    first ??= folder;
    checkClasses(folder, first.classes, `those of ${first.root}`);
    splits[split] = folder;
  }
  return { root, classes: first!.classes, passedOver, splits };
}

/**
 * Checks that the folder has the expected classes, in this order. `whose` describes the owner of `expected` in the
 * message.
 *
 * @throws InputError  the classes differ
 */
export function checkClasses(folder: ImageFolder, expected: readonly string[], whose: string): void {
  if (folder.classes.length === expected.length && folder.classes.every((name, i) => name === expected[i])) return;
  throw new InputError(
    `${folder.root}: the classes are ${folder.classes.join(', ')} but ${whose} are ${expected.join(', ')}. ` +
      'Rename the folders so that they match',
  );
}

async function subfolders(root: string, source: FolderSource): Promise<string[]> {
  const entries = await source.listDirectory(root);
  return entries.filter(entry => entry.isDirectory && !isIgnored(entry.name)).map(entry => entry.name);
}

async function tooFewClasses(root: string, classes: readonly string[], source: FolderSource): Promise<InputError> {
  const only = classes[0];
  if (only === undefined) {
    return new InputError(`${root}: contains no folders, expected one per class. Sort the images into folders`);
  }
  const inner = await subfolders(`${root}/${only}`, source);
  if (inner.length >= 2) {
    return new InputError(`${root}: contains only one folder (${only}), expected one per class. Try ${root}/${only}`);
  }
  return new InputError(
    `${root}: contains only one class (${only}), expected at least two. Name the folder that contains ${baseName(root)}, or add a class`,
  );
}

function expectedEndings(): string {
  return `The name of an image must end in ${IMAGE_EXTENSIONS.join(', ')}`;
}
