import { baseName } from '#platform';
import { InputError } from '../errors/index.ts';
import { FILE_SYSTEM, type FolderSource, IMAGE_EXTENSIONS, isIgnored, listImages } from './list_images.ts';

export interface FolderImage {
  readonly path: string;
  readonly classIndex: number;
  /** Name of the split's folder, or `all` where there are no splits. */
  readonly split: string;
}

/** Labelled images: one folder per class. */
export interface ImageFolder {
  readonly root: string;
  /** Sorted; an image's `classIndex` points into it. */
  readonly classes: readonly string[];
  readonly images: readonly FolderImage[];
}

/** `splits` has `train`, `val` and `test`, each where its folder is there, or `all` alone. */
export interface Dataset {
  readonly root: string;
  readonly classes: readonly string[];
  readonly splits: Readonly<Partial<Record<Split, ImageFolder>>>;
}

export type Split = 'train' | 'val' | 'test' | 'all';

const SPLIT_FOLDERS: Readonly<Record<string, Split>> = {
  train: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
};

/**
 * Labelled images by torchvision's rules: a class per folder, classes sorted by name, within a class all images at any
 * depth, folder by folder. Names with a leading dot and `__MACOSX` are passed over.
 *
 * @throws InputError  no folder, fewer than two classes, a class without images
 * Source: torchvision.datasets.ImageFolder
 */
export async function openImageFolder(
  root: string,
  split = 'all',
  source: FolderSource = FILE_SYSTEM,
): Promise<ImageFolder> {
  const classes = await subfolders(root, source);
  if (classes.length < 2) throw await tooFewClasses(root, classes, source);
  const byClass = await Promise.all(classes.map(name => listImages(`${root}/${name}`, source)));
  const images = byClass.flatMap((paths, classIndex) => paths.map(path => ({ path, classIndex, split })));
  if (images.length === 0) throw new InputError(`${root}: no images under ${classes.join(', ')}. ${expectedEndings()}`);
  const empty = classes.filter((_, i) => byClass[i]!.length === 0);
  if (empty.length > 0) {
    const noun = empty.length === 1 ? 'the class' : 'the classes';
    throw new InputError(`${root}: no images in ${noun} ${empty.join(', ')}. Add images or remove the folder`);
  }
  return { root, classes, images };
}

/**
 * A dataset with or without splits.
 *
 * The folders `train`, `val` (or `valid`, `validation`) and `test` are splits, each where it is there and itself holds
 * folders; the letters' case does not matter. A folder with none of these is one folder of classes, the split `all`.
 *
 * @throws InputError  as openImageFolder, and where the splits' classes differ
 */
export async function openDataset(root: string, source: FolderSource = FILE_SYSTEM): Promise<Dataset> {
  const found = new Map<Split, string>();
  for (const name of await subfolders(root, source)) {
    const split = SPLIT_FOLDERS[name.toLowerCase()];
    if (split === undefined || (await subfolders(`${root}/${name}`, source)).length === 0) continue;
    const other = found.get(split);
    if (other !== undefined) {
      throw new InputError(`${root}: ${other} and ${name} are both the ${split} split. Keep one of them`);
    }
    found.set(split, name);
  }
  if (found.size === 0) {
    const all = await openImageFolder(root, 'all', source);
    return { root, classes: all.classes, splits: { all } };
  }
  const splits: Partial<Record<Split, ImageFolder>> = {};
  let first: ImageFolder | undefined;
  for (const split of ['train', 'val', 'test'] as const) {
    const name = found.get(split);
    if (name === undefined) continue;
    const folder = await openImageFolder(`${root}/${name}`, split, source);
    first ??= folder;
    checkClasses(folder, first.classes, `those of ${first.root}`);
    splits[split] = folder;
  }
  return { root, classes: first!.classes, splits };
}

/** @throws InputError  the folder's classes are not these, in this order; `whose` says who has them */
export function checkClasses(folder: ImageFolder, expected: readonly string[], whose: string): void {
  if (folder.classes.length === expected.length && folder.classes.every((name, i) => name === expected[i])) return;
  throw new InputError(
    `${folder.root}: the classes are ${folder.classes.join(', ')}, expected ${whose}, ${expected.join(', ')}. ` +
      'Rename the folders so that they agree',
  );
}

async function subfolders(root: string, source: FolderSource): Promise<string[]> {
  const entries = await source.listDirectory(root);
  return entries.filter(entry => entry.isDirectory && !isIgnored(entry.name)).map(entry => entry.name);
}

async function tooFewClasses(root: string, classes: readonly string[], source: FolderSource): Promise<InputError> {
  const only = classes[0];
  if (only === undefined) {
    return new InputError(`${root}: no folders in it, expected one per class. Sort the images into folders`);
  }
  const inner = await subfolders(`${root}/${only}`, source);
  if (inner.length >= 2) {
    return new InputError(`${root}: one folder only (${only}), expected one per class. Try ${root}/${only}`);
  }
  return new InputError(
    `${root}: one class only (${only}), a verdict needs two or more. Name the folder above ${baseName(root)} or add a class`,
  );
}

function expectedEndings(): string {
  return `Their names must end in ${IMAGE_EXTENSIONS.join(', ')}`;
}
