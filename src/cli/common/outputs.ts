/** Decides which files a command may write: those that the user named, and those that it wrote itself before. */
import type { Command } from 'commander';
import { checkWritable, fileExists, fileIdentity, resolvePath, writeFileAtomic } from '#platform';
import { labelledSetAround } from '../../data/labelled_folder.ts';
import { InputError, UsageError } from '../../errors/index.ts';
import { OUTPUT_GROUP } from './options.ts';

/** How many files are looked up at once. */
const LOOKUPS_AT_ONCE = 64;

export interface OutputFlags {
  readonly force?: boolean;
}

/** For commands that write files. */
export function addForceOption(command: Command): Command {
  return command
    .optionsGroup(OUTPUT_GROUP)
    .option('--force', 'write even if that replaces an input or a file that this command did not write');
}

/** A file whose name the command derives from another name. */
export interface DerivedFile {
  readonly path: string;
  /** Returns whether this command wrote the file that has this name now. */
  readonly isOwn: (path: string) => Promise<boolean>;
}

interface OutputRules extends OutputFlags {
  /** As in `raycam cam`. */
  readonly command: string;
  /** Files that the command reads, and that it must not replace. */
  readonly inputs?: readonly (string | undefined)[];
}

/**
 * The files that one call of a command writes. Check them before the work, so that hours of it are not lost, and write
 * them with the methods below, which check again.
 */
export class Outputs {
  private readonly named = new Set<string>();
  private inputs: Promise<ReadonlySet<string>> | undefined;

  constructor(private readonly rules: OutputRules) {}

  /** Checks a file that the user named. @throws InputError | UsageError  it cannot be written, is an input, or is named twice */
  async expectNamed(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    await checkWritable(path);
    const absolute = resolvePath(path);
    if (this.named.has(absolute) && !absolute.startsWith('/dev/'))
      throw new UsageError(`${path}: is named for two outputs. Name a file for each`);
    this.named.add(absolute);
    if (!this.rules.force) await this.expectNoInput(path);
  }

  /** Checks files that do not have to exist. @throws InputError  one does, and is an input or another's */
  async expectDerived(files: readonly DerivedFile[]): Promise<void> {
    if (files[0]) await checkWritable(files[0].path);
    if (this.rules.force) return;
    const others: string[] = [];
    for (let start = 0; start < files.length; start += LOOKUPS_AT_ONCE) {
      const group = files.slice(start, start + LOOKUPS_AT_ONCE);
      const isOthers = await Promise.all(group.map(file => this.isOthers(file)));
      others.push(...group.filter((_, i) => isOthers[i]).map(({ path }) => path));
    }
    if (others.length > 0) throw this.notOwn(others);
  }

  /**
   * Checks a folder for pictures. @throws InputError  it is part of a labelled set, where pictures would be training
   * images
   */
  async expectUnlabelled(folder: string): Promise<void> {
    const set = this.rules.force ? undefined : await labelledSetAround(resolvePath(folder));
    if (set)
      throw new InputError(
        `${folder}: is part of a set of labelled images (${set.root}: ${set.folders.slice(0, 5).join(', ')}), so pictures in it would become training images. Choose a folder outside of it, or add --force`,
      );
  }

  /** Writes a file that the user named. @throws InputError */
  write(path: string, content: Uint8Array | string): Promise<void> {
    return writeFileAtomic(path, content);
  }

  /** Writes a file, replacing only what this command wrote. @throws InputError */
  writeDerived({ path, isOwn }: DerivedFile, content: Uint8Array | string): Promise<void> {
    if (this.rules.force) return writeFileAtomic(path, content);
    const mayReplace = async () => {
      await this.expectNoInput(path);
      if (await isOwn(path).catch(() => false)) return true;
      throw this.notOwn([path]);
    };
    return writeFileAtomic(path, content, { mayReplace });
  }

  private async isOthers({ path, isOwn }: DerivedFile): Promise<boolean> {
    if (!(await fileExists(path))) return false;
    await this.expectNoInput(path);
    return !(await isOwn(path).catch(() => false));
  }

  private async expectNoInput(path: string): Promise<void> {
    const { inputs = [], command } = this.rules;
    if (inputs.length === 0 || !(await fileExists(path))) return;
    this.inputs ??= identitiesOf(inputs);
    if ((await this.inputs).has(await fileIdentity(path)))
      throw new InputError(
        `${path}: is an input of this ${command}, which would replace it. Choose another output, or add --force`,
      );
  }

  private notOwn([first, ...more]: readonly string[]): InputError {
    const others = more.length === 0 ? '' : ` (${more.length} more ${more.length === 1 ? 'file' : 'files'} like this)`;
    return new InputError(
      `${first}: already exists with content that ${this.rules.command} did not write${others}. Choose another output, or add --force to replace it`,
    );
  }
}

async function identitiesOf(paths: readonly (string | undefined)[]): Promise<ReadonlySet<string>> {
  const known = paths.filter(path => path !== undefined);
  const identities = new Set<string>();
  for (let start = 0; start < known.length; start += LOOKUPS_AT_ONCE) {
    const group = known.slice(start, start + LOOKUPS_AT_ONCE);
    for (const result of await Promise.allSettled(group.map(path => fileIdentity(path))))
      if (result.status === 'fulfilled') identities.add(result.value);
  }
  return identities;
}
