import { type DirectoryEntry, fileIdentity, listDirectory } from '#platform';

/** What decodes in Node; a name's ending is compared without case. */
export const IMAGE_EXTENSIONS: readonly string[] = ['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif'];

/** What is asked of a file system to find images in it. */
export interface FolderSource {
  /** Sorted by name. @throws InputError  no such folder */
  listDirectory(path: string): Promise<DirectoryEntry[]>;
  /** The same for two names of one folder. */
  fileIdentity(path: string): Promise<string>;
}

export const FILE_SYSTEM: FolderSource = { listDirectory, fileIdentity };

/**
 * All images of a folder at any depth: folder by folder in order of their paths, sorted by name within each.
 * Links are followed; a folder that is reached twice, or by a link to itself, counts once.
 *
 * @throws InputError  no such folder
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

/** Whether a file name has an image's ending. */
export function isImageName(name: string): boolean {
  const lower = name.toLowerCase();
  return IMAGE_EXTENSIONS.some(extension => lower.endsWith(extension));
}

/** Hidden files, macOS's `._x.jpeg` shadows and its `__MACOSX` folders are nobody's images. */
export function isIgnored(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX';
}
