import { type DirectoryEntry, fileIdentity, listDirectory, openFile } from '#platform';
import { isDicom } from '../dicom/detect.ts';

/** Extensions of the images that folders contain: torchvision's, and those of further formats. Case does not matter. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  ...['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'],
  ...['.gif', '.avif', '.dcm', '.dicom'],
];

/** The file system operations needed to find images. */
export interface FolderSource {
  /** Returns the entries sorted by name. @throws InputError  the folder does not exist */
  listDirectory(path: string): Promise<DirectoryEntry[]>;
  /** Returns the same value for two names of one folder. */
  fileIdentity(path: string): Promise<string>;
  /** Returns whether a file whose name has no extension is a DICOM file. If absent, such files are not images. */
  isDicomFile?(path: string): Promise<boolean>;
}

export const FILE_SYSTEM: FolderSource = { listDirectory, fileIdentity, isDicomFile };

/** The preamble of a DICOM file, and the first elements of one that lacks it. */
const DICOM_START_BYTES = 2048;

/** Scanners and archives write DICOM files without an extension. */
async function isDicomFile(path: string): Promise<boolean> {
  const file = await openFile(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    return isDicom(await file.read(0, Math.min(file.sizeBytes, DICOM_START_BYTES)));
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** Counts the files in image folders that are not images by their names. */
export class PassedOver {
  private readonly counts = new Map<string, number>();

  add(name: string): void {
    const extension = /\.[^.]{1,12}$/.exec(name)?.[0].toLowerCase() ?? 'without an extension';
    this.counts.set(extension, (this.counts.get(extension) ?? 0) + 1);
  }

  /** Returns a clause that follows the folder's name, or undefined if all files are images. */
  describe(): string | undefined {
    if (this.counts.size === 0) return undefined;
    const all = [...this.counts].sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
    const total = all.reduce((sum, [, count]) => sum + count, 0);
    const files =
      total === 1 ? '1 file that is not an image by its name' : `${total} files that are not images by their names`;
    return `passed over ${files} (${all.map(([extension, count]) => `${count} ${extension}`).join(', ')})`;
  }
}

/**
 * Lists all images below a folder, at any depth: folders in order of their paths, images sorted by name within each.
 * Follows links. A folder that is reached twice, or through a link to itself, is listed once. Counts the other files in
 * `passedOver`.
 *
 * @throws InputError  the folder does not exist
 * Source: torchvision.datasets.folder.make_dataset
 */
export async function listImages(
  root: string,
  source: FolderSource = FILE_SYSTEM,
  passedOver = new PassedOver(),
): Promise<string[]> {
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
      else if (!/\.[^.]{1,12}$/.test(entry.name) && (await source.isDicomFile?.(`${folder}/${entry.name}`)))
        names.push(entry.name);
      else passedOver.add(entry.name);
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
