import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a folder and its parents, one level at a time. An existing folder is not an error.
 *
 * Node's recursive `mkdir` never returns for a relative path if the current folder was deleted (Node 20 to 24).
 *
 * @throws the system's error, such as ENOENT if the current folder was deleted, or ENOTDIR if a parent is a file
 */
export async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(path);
    if (code === 'ENOENT' && parent !== path && parent !== '.') {
      await makeFolders(parent);
      await makeFolders(path);
    } else if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    status => status.isDirectory(),
    () => false,
  );
}
