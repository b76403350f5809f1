import { InputError, RaycamError } from '../errors.ts';

/** One sentence for an error of the file system: the path, what is wrong with it, what to do. */
export function fileError(path: string, error: unknown, doing: 'read' | 'write'): Error {
  if (error instanceof RaycamError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const shown = path === '' ? 'an empty path' : path;
  return new InputError(`${shown}: ${sentence(code, doing) ?? `cannot ${doing} it (${message})`}`, { cause: error });
}

function sentence(code: string | undefined, doing: 'read' | 'write'): string | undefined {
  const reading = doing === 'read';
  switch (code) {
    case 'ENOENT':
      return reading ? 'no such file or folder. Check the path' : 'the folder it would go to is gone. Make it again';
    case 'EACCES':
    case 'EPERM':
      return `permission denied, cannot ${doing} it. Change its permissions or name another path`;
    case 'EISDIR':
      return reading ? 'is a folder, expected a file. Name a file in it' : 'is a folder. Name a file to write';
    case 'ENOTDIR':
      return 'a part of this path is a file, expected a folder. Check the path';
    case 'EEXIST':
      return 'a file of this name is in the way. Remove it or name another path';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full. Free some space or name a path on another disk';
    case 'EROFS':
      return 'the file system is read-only. Name a path that can be written';
    case 'ENAMETOOLONG':
      return 'the name is too long for this file system. Choose a shorter one';
    case 'ELOOP':
      return 'links lead in a circle. Name the file itself';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open. Raise the limit (ulimit -n) or close other programs';
    case 'EFBIG':
      return 'the file would be larger than is allowed here. Name a path on another disk, or raise the limit (ulimit -f)';
    case 'ERR_FS_FILE_TOO_LARGE':
      return 'the file is larger than 2 GiB, too large to read whole';
    default:
      return undefined;
  }
}
