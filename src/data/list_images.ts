import { type DirectoryEntry, fileIdentity, listDirectory } from '#platform';

/** Extensions of the image formats that Node decodes. Compared case-insensitively. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.dcm',
  '.dicom',
];

/** The file system operations needed to find images. */
export interface FolderSource {
  /** Returns the entries sorted by name. @throws InputError  the folder does not exist */
  listDirectory(path: string): Promise<DirectoryEntry[]>;
  /** Returns the same value for two names of one folder. */
  fileIdentity(path: string): Promise<string>;
}

export const FILE_SYSTEM: FolderSource = { listDirectory, fileIdentity };

/**
 * Lists all images below a folder, at any depth: folders in order of their paths, images sorted by name within each.
 * Follows links. A folder that is reached twice, or through a link to itself, is listed once.
 *
 * @throws InputError  the folder does not exist
 * Source: torchvision.datasets.folder.make_dataset
 */
export async function listImages(root: string, source: FolderSource = FILE_SYSTEM): Promise<string[]> {
  const folders: { path: string; names: string[] }[] = [];
  const seen = new Set<string>();
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const identity = await source.fileIdentity(folder);
    if (seen.has(identity)) continue;
    seen.add(identity);
    const names: string[] = [];
    for (const entry of await source.listDirectory(folder)) {
      if (isIgnored(entry.name)) continue;
      if (entry.isDirectory) pending.push(`${folder}/${entry.name}`);
      else if (isImageName(entry.name)) names.push(entry.name);
    }
    folders.push({ path: folder, names });
  }
  folders.sort((a, b) => (a.path < b.path ? -1 : 1));
  return folders.flatMap(({ path, names }) => names.map(name => `${path}/${name}`));
}

/** Returns whether a file name has an image extension. */
function isImageName(name: string): boolean {
  const lower = name.toLowerCase();
  return IMAGE_EXTENSIONS.some(extension => lower.endsWith(extension));
}

/** Returns whether to ignore an entry: hidden files, macOS's `._x.jpeg` files and its `__MACOSX` folders. */
export function isIgnored(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX';
}
