/** Recognises folders in which a new picture would become a labelled image. */
import { directoryName } from '#platform';
import { SPLIT_FOLDERS } from './image_folder.ts';
import { FILE_SYSTEM, type FolderSource, IMAGE_EXTENSIONS, isIgnored } from './list_images.ts';

/** How far above a folder the folder of its classes may be: images of a class may be in subfolders. */
const MOST_LEVELS = 3;
/** How deep in the folder of a class its images are looked for. */
const MOST_DEPTH = 2;

interface LabelledSet {
  /** The folder that contains the folders of the classes or the splits. */
  readonly root: string;
  readonly folders: readonly string[];
}

/**
 * Returns the labelled set that a folder is part of: the folder or one above contains nothing but folders of images, at
 * least two, as a set with a folder per class does; or the folder contains splits of such a set. The folder need not
 * exist: in a set, a new one becomes a class. Pictures of `raycam cam` do not count as images.
 *
 * path  absolute
 */
export async function labelledSetAround(
  path: string,
  source: FolderSource = FILE_SYSTEM,
): Promise<LabelledSet | undefined> {
  for (const { name } of await entriesOf(path, source)) {
    if (isSplit(name) && (await classesIn(`${path}/${name}`, undefined, source)))
      return { root: path, folders: [name] };
  }
  let root = path;
  let child: string | undefined;
  for (let level = 0; level <= MOST_LEVELS; level++) {
    const folders = await classesIn(root, child, source);
    if (folders) return { root, folders };
    const parent = directoryName(root);
    if (parent === root) break;
    child = root.slice(parent.length).replace(/^\//, '');
    root = parent;
  }
  return undefined;
}

/** Returns the folders of a set with a folder per class. `child` may be without images, because it may be new. */
async function classesIn(
  root: string,
  child: string | undefined,
  source: FolderSource,
): Promise<readonly string[] | undefined> {
  const folders = (await entriesOf(root, source)).filter(({ isDirectory }) => isDirectory);
  const classes: string[] = [];
  for (const { name } of folders) {
    if (await containsImage(`${root}/${name}`, MOST_DEPTH, source)) classes.push(name);
    else if (name !== child) return undefined;
  }
  // A folder beside splits is not read as a class.
  return classes.length >= 2 && !classes.some(isSplit) ? classes : undefined;
}

function isSplit(name: string): boolean {
  return SPLIT_FOLDERS.has(name.toLowerCase());
}

async function containsImage(folder: string, depth: number, source: FolderSource): Promise<boolean> {
  const entries = await entriesOf(folder, source);
  if (entries.some(({ name, isDirectory }) => !isDirectory && isLabelledImage(name))) return true;
  if (depth <= 1) return false;
  for (const { name, isDirectory } of entries)
    if (isDirectory && (await containsImage(`${folder}/${name}`, depth - 1, source))) return true;
  return false;
}

function isLabelledImage(name: string): boolean {
  const lower = name.toLowerCase();
  return IMAGE_EXTENSIONS.some(extension => lower.endsWith(extension)) && !lower.endsWith('.cam.png');
}

/** Lists a folder without hidden entries. A folder that cannot be listed counts as empty. */
async function entriesOf(path: string, source: FolderSource) {
  const entries = await source.listDirectory(path).catch(() => []);
  return entries.filter(({ name }) => !isIgnored(name));
}
