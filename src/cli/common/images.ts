import { isStdoutClosed } from '#platform';
import { ImageLoader, type LoadedImage, type SkippedImage } from '../../data/loader.ts';
import { InputError } from '../../errors/index.ts';
import { inputName, readInput } from './inputs.ts';
import type { Output } from './output.ts';
import { interruption } from './session.ts';

/**
 * Images that are being decoded. Decoding starts in the constructor, so the first images are ready when the network is.
 */
export class ComingImages {
  readonly loader: ImageLoader;
  private readonly images: AsyncIterator<LoadedImage>;
  private readonly first: Promise<IteratorResult<LoadedImage>>;

  constructor(
    readonly paths: readonly string[],
    output: Output,
  ) {
    this.loader = new ImageLoader(paths, { signal: interruption.signal, read: path => readInput(path, output) });
    this.images = this.loader[Symbol.asyncIterator]();
    this.first = this.images.next();
    this.first.catch(() => {}); // the iterator below rethrows it
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoadedImage> {
    try {
      for (let next = await this.first; !next.done; next = await this.images.next()) yield next.value;
    } finally {
      await this.images.return?.();
    }
  }
}

interface EachOptions {
  /** Whether `work` writes files, so that it goes on when nobody reads standard output any more. */
  readonly writesFiles?: boolean;
}

/**
 * Calls `work` with each decoded image. Images that cannot be read are reported and skipped; the command then ends
 * with exit status 1, after the others are done.
 */
export async function forEachImage(
  images: ComingImages,
  output: Output,
  work: (loaded: LoadedImage) => Promise<void>,
  { writesFiles = false }: EachOptions = {},
): Promise<void> {
  const { loader, paths } = images;
  const progress = paths.length > 1 ? output.progress('images', paths.length) : undefined;
  let done = 0;
  let recorded = 0;
  const recordSkipped = () => {
    for (; recorded < loader.skipped.length; recorded++) recordOf(loader.skipped[recorded]!, output);
  };
  for await (const loaded of images) {
    if (isStdoutClosed() && !writesFiles) break;
    recordSkipped();
    await work(loaded);
    progress?.update(++done + loader.skipped.length);
  }
  progress?.stop();
  recordSkipped();
  warnOfSkipped(loader.skipped, output);
  if (loader.skipped.length === paths.length && paths.length > 1)
    throw new InputError(`none of the ${paths.length} images could be read`);
  if (loader.skipped.length > 0) process.exitCode = 1;
}

/** Reports every skipped image: a line on stderr, and with --json a record. */
export function reportSkipped(skipped: readonly SkippedImage[], output: Output): void {
  for (const image of skipped) recordOf(image, output);
  warnOfSkipped(skipped, output);
}

function recordOf({ path, reason }: SkippedImage, output: Output): void {
  output.record({ image: path, error: reason });
}

function warnOfSkipped(skipped: readonly SkippedImage[], output: Output): void {
  for (const { path, reason } of skipped) output.warn(`raycam: ${inputName(path)}: ${reason}`);
  if (skipped.length > 1) output.warn(`raycam: ${skipped.length} images were skipped`);
}
