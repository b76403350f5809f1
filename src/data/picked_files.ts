/** Presents files that the user picked in the browser as a folder. */
import type { DirectoryEntry } from '#platform';
import { InputError } from '../errors/index.ts';
import type { FolderSource } from './list_images.ts';

/** Returns the folders that the paths imply. Names are separated by `/`; the first is the picked folder's. */
export function pickedFolder(paths: Iterable<string>): FolderSource {
  const folders = new Map<string, Map<string, boolean>>();
  for (const path of paths) {
    const names = path.split('/');
    names.forEach((name, depth) => {
      const folder = names.slice(0, depth).join('/');
      const entries = folders.get(folder) ?? new Map<string, boolean>();
      entries.set(name, depth < names.length - 1);
      folders.set(folder, entries);
    });
  }
  return {
    listDirectory: async path => {
      const entries = folders.get(path);
      if (!entries) throw new InputError(`${path}: does not exist among the picked files`);
      const found = [...entries].map(([name, isDirectory]): DirectoryEntry => ({ name, isDirectory }));
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    fileIdentity: async path => path,
  };
}
