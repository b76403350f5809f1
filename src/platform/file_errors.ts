import { InputError, RaycamError } from '../errors/index.ts';

/** Turns a file system error into one message: the path, what is wrong with it, what to do. */
export function fileError(path: string, error: unknown, doing: 'read' | 'write'): Error {
  if (error instanceof RaycamError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const shown = path === '' ? 'an empty path' : path;
  return new InputError(`${shown}: ${sentence(code, doing) ?? `${cannot(doing)} (${message})`}`, { cause: error });
}

function cannot(doing: 'read' | 'write'): string {
  return `cannot be ${doing === 'read' ? 'read' : 'written'}`;
}

function sentence(code: string | undefined, doing: 'read' | 'write'): string | undefined {
  switch (code) {
    case 'ENOENT':
      return doing === 'read'
        ? 'does not exist. Check the path'
        : 'cannot be written (its folder does not exist any more). Create the folder again';
    case 'EACCES':
    case 'EPERM':
      return `${cannot(doing)} (permission denied). Change its permissions or choose another path`;
    case 'EISDIR':
      return 'is a folder. Name a file in it';
    case 'ENOTDIR':
      return `${cannot(doing)} (a part of this path is a file, not a folder). Check the path`;
    case 'EEXIST':
      return `${cannot(doing)} (a file with this name already exists). Remove it or choose another path`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `${cannot(doing)} (the disk is full). Free some space or choose a path on another disk`;
    case 'EROFS':
      return `${cannot(doing)} (the file system is read-only). Choose a path on another file system`;
    case 'ENAMETOOLONG':
      return `${cannot(doing)} (the name is too long for this file system). Choose a shorter one`;
    case 'ELOOP':
      return `${cannot(doing)} (its symbolic links form a loop). Name the file itself`;
    case 'EMFILE':
    case 'ENFILE':
      return `${cannot(doing)} (too many files are open). Raise the limit (ulimit -n) or close other programs`;
    case 'EFBIG':
      return `${cannot(doing)} (the file would exceed the size limit). Choose a path on another disk, or raise the limit (ulimit -f)`;
    case 'ERR_FS_FILE_TOO_LARGE':
      return `${cannot(doing)} (it is larger than 2 GiB)`;
    default:
      return undefined;
  }
}
