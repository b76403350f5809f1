/** The images that a command's arguments name: files, folders, a list in a file, and standard input. */
import type { Command } from 'commander';
import { type FileStatus, fileStatus, listDirectory, readFile, readStdin } from '#platform';
import { FILE_SYSTEM, listImages, PassedOver } from '../../data/list_images.ts';
import { MAX_IMAGE_BYTES, readImageFile } from '../../data/loader.ts';
import { withoutPath } from '../../errors/escape_controls.ts';
import { InputError, messageOf, UsageError } from '../../errors/index.ts';
import type { Output } from './output.ts';
import { interruption } from './session.ts';

/** The path that stands for standard input. */
const STANDARD_INPUT = '-';
/** How many paths are looked up at once. */
const STATUS_AT_ONCE = 64;
/** Room for two million paths. */
const MOST_LIST_BYTES = 256e6;
/** Counting the images in subfolders ends after this many folders. */
const MOST_COUNTED_FOLDERS = 2000;

export interface InputFlags {
  readonly filesFrom?: string;
  readonly null?: boolean;
  readonly recursive?: boolean;
}

/** Adds the argument that names images, and the options for folders and lists. */
export function addInputs(command: Command, what: string, { recursive = false } = {}): Command {
  command.argument('[image...]', `${what}, or folders of them; "-" reads one image from standard input`);
  if (recursive)
    command.option('--no-recursive', 'if an argument is a folder, do not take the images in its subfolders');
  else command.option('--recursive', 'if an argument is a folder, also take the images in its subfolders');
  return command
    .option(
      '--files-from <list>',
      'also take the paths in this file, one per line ("-" reads them from standard input)',
    )
    .option(
      '-0, --null',
      'in the file of --files-from, each path ends with a NUL character, as `find -print0` writes them',
    );
}

/**
 * Returns the paths of the images that the arguments name, in the order of the arguments. Paths that do not exist are
 * among them, so that they are reported and skipped like images that cannot be read. Folders without images are reported
 * here.
 *
 * @throws UsageError  nothing is named, or standard input twice
 * @throws InputError  no path exists, or the named folders contain no images
 */
export async function namedImages(
  inputs: readonly string[],
  flags: InputFlags,
  { command, output }: { readonly command: string; readonly output: Output },
): Promise<string[]> {
  const { filesFrom, recursive = false } = flags;
  const fromStdin = [...inputs, ...(filesFrom === undefined ? [] : [filesFrom])].filter(
    path => path === STANDARD_INPUT,
  );
  if (fromStdin.length > 1) throw new UsageError(`${command}: standard input (-) is named twice. Name it once`);
  if (inputs.length === 0 && filesFrom === undefined)
    throw new UsageError(`${command}: no image is named. Name images or folders, or a list of them with --files-from`);
  const listed = filesFrom === undefined ? [] : await readList(filesFrom, flags.null, output);
  const named = [...inputs, ...listed];
  const statuses = await statusesOf(named, output);
  const paths: string[] = [];
  const empty: string[] = [];
  for (const [i, path] of named.entries())
    if (statuses[i]?.isDirectory) {
      const images = await imagesOf(path, recursive, output);
      if (images.length === 0) empty.push(path);
      for (const image of images) paths.push(image);
    } else paths.push(path);
  if (paths.length === 0) throw new InputError(await noImages(named, recursive, command, filesFrom));
  for (const folder of empty) {
    const message = await noImages([folder], recursive, command);
    output.skipped(folder, withoutPath(message, folder));
    output.warn(`raycam: ${message}`);
    process.exitCode = 1;
  }
  return paths;
}

async function noImages(named: readonly string[], recursive: boolean, command: string, filesFrom?: string) {
  if (named.length === 0) return `${filesFrom}: contains no paths. Write one path per line`;
  const what =
    named.length === 1 ? `${named[0]}: contains no images` : `${command}: ${named.length} folders contain no images`;
  const isDeeper = !recursive && (await Promise.all(named.map(countBelow))).some(({ count }) => count > 0);
  const whose = named.length === 1 ? 'its' : 'their';
  return `${what}${isDeeper ? `, but ${whose} subfolders do. Add --recursive` : ''}`;
}

/** Returns the status of each path; undefined if it cannot be read. @throws InputError  none of them can be */
async function statusesOf(paths: readonly string[], output: Output): Promise<(FileStatus | undefined)[]> {
  const statuses: (FileStatus | undefined)[] = [];
  const failures: unknown[] = [];
  for (let start = 0; start < paths.length; start += STATUS_AT_ONCE) {
    const group = paths.slice(start, start + STATUS_AT_ONCE);
    const found = await Promise.allSettled(group.map(statusOf));
    for (const result of found) {
      statuses.push(result.status === 'fulfilled' ? result.value : undefined);
      if (result.status === 'rejected') failures.push(result.reason);
    }
  }
  if (failures.length < paths.length || paths.length === 0) return statuses;
  failures.forEach((failure, i) => {
    output.skipped(paths[i]!, withoutPath(messageOf(failure), paths[i]!));
  });
  throw failures[0];
}

function statusOf(path: string): Promise<FileStatus> | FileStatus {
  return path === STANDARD_INPUT ? { sizeBytes: 0, modifiedMs: 0, isDirectory: false } : fileStatus(path);
}

/** Returns the images of a folder. If there are more in its subfolders, which are not taken, a note says so. */
async function imagesOf(folder: string, recursive: boolean, output: Output): Promise<string[]> {
  const passedOver = new PassedOver();
  if (recursive) {
    const images = await listImages(folder, FILE_SYSTEM, passedOver);
    notePassedOver(folder, passedOver, output);
    return images;
  }
  const direct = {
    ...FILE_SYSTEM,
    listDirectory: async (path: string) => (await listDirectory(path)).filter(isNoFolder),
  };
  const images = await listImages(folder, direct, passedOver);
  notePassedOver(folder, passedOver, output);
  const { count, isComplete } = await countBelow(folder);
  const deeper = count - images.length;
  if (images.length > 0 && deeper > 0)
    output.note(
      `${folder}: ${isComplete ? '' : 'at least '}${deeper} more images are in subfolders; --recursive takes them`,
    );
  return images;
}

/** Notes the files in a folder that are not images. */
export function notePassedOver(folder: string, passedOver: PassedOver, output: Output): void {
  const text = passedOver.describe();
  if (text !== undefined) output.note(`${folder}: ${text}`);
}

function isNoFolder({ isDirectory }: { readonly isDirectory: boolean }): boolean {
  return !isDirectory;
}

/** Counts the images in a folder and below, in a limited number of folders. */
async function countBelow(folder: string): Promise<{ readonly count: number; readonly isComplete: boolean }> {
  let left = MOST_COUNTED_FOLDERS;
  const limited = {
    ...FILE_SYSTEM,
    listDirectory: async (path: string) => (left-- > 0 ? listDirectory(path).catch(() => []) : []),
  };
  const images = await listImages(folder, limited);
  return { count: images.length, isComplete: left >= 0 };
}

/** Reads a list of paths, which are relative to the current folder. @throws InputError */
async function readList(file: string, isNull: boolean | undefined, output: Output): Promise<string[]> {
  const name = file === STANDARD_INPUT ? 'standard input' : file;
  const waiting = waitingFor(name, output);
  const bytes =
    file === STANDARD_INPUT
      ? await readStdin(name, MOST_LIST_BYTES, waiting)
      : await readFile(file, MOST_LIST_BYTES, waiting);
  const text = decodeList(bytes, name);
  const paths = isNull || text.includes('\0') ? text.split('\0') : text.split(/\r?\n/);
  // In a list, `-` is a file of that name.
  return paths.filter(path => path !== '').map(path => (path === STANDARD_INPUT ? `./${path}` : path));
}

function decodeList(bytes: Uint8Array, name: string): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe; // as Windows' PowerShell writes it
  try {
    return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${name}: is not a list of paths (it is not UTF-8 text). Write one path per line`);
  }
}

/** Reads an image that the arguments name. @throws InputError */
export function readInput(path: string, output: Output): Promise<Uint8Array> {
  const waiting = waitingFor(inputName(path), output);
  return path === STANDARD_INPUT ? readStdin(path, MAX_IMAGE_BYTES, waiting) : readImageFile(path, waiting);
}

/** Returns the name of an input for messages. */
export function inputName(path: string): string {
  return path === STANDARD_INPUT ? 'standard input' : path;
}

function waitingFor(name: string, output: Output) {
  const onWait = () => output.note(`waiting for data from ${name}; Ctrl-C ends the wait`);
  return { signal: interruption.signal, onWait };
}
