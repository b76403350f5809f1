import { InvalidArgumentError, Option } from 'commander';
import { type DecodeOptions, isStdoutClosed } from '#platform';
import { type Dataset, openDataset } from '../../data/image_folder.ts';
import { ImageLoader, type ImageNote, type LoadedImage, type SkippedImage } from '../../data/loader.ts';
import { InputError, UnusableImage } from '../../errors/index.ts';
import { inputName, notePassedOver, readInput } from './inputs.ts';
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
    { frame }: DecodeOptions = {},
  ) {
    this.loader = new ImageLoader(paths, {
      signal: interruption.signal,
      read: path => readInput(path, output),
      decode: { frame },
    });
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

/** Returns the option that chooses an image of a file that contains several. */
export function frameOption(): Option {
  return new Option('--frame <n>', 'the frame of a DICOM file or the page of a TIFF to read (default: 1)').argParser(
    text => {
      if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 up.');
      return Number(text);
    },
  );
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
    for (; recorded < loader.skipped.length; recorded++) {
      const { path, reason } = loader.skipped[recorded]!;
      output.skipped(path, reason);
    }
  };
  for await (const loaded of images) {
    if (isStdoutClosed() && !writesFiles) break;
    recordSkipped();
    try {
      await work(loaded);
      done++;
    } catch (error) {
      // An image that decodes may still be too large to be resized.
      if (!(error instanceof UnusableImage)) throw error;
      loader.skip(loaded.path, error);
    }
    for (const note of loaded.image.notes ?? []) output.note(`${inputName(loaded.path)}: ${note}`);
    progress?.update(done + loader.skipped.length);
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
  for (const { path, reason } of skipped) output.skipped(path, reason);
  warnOfSkipped(skipped, output);
}

/** Opens labelled images, and notes the files in their folders that are not images. @throws InputError */
export async function openLabelled(dir: string, output: Output): Promise<Dataset> {
  const dataset = await openDataset(dir);
  notePassedOver(dir, dataset.passedOver, output);
  return dataset;
}

/** Reports the notes on many images: those on one image with its path, the others with their number. */
export function reportNotes(notes: readonly ImageNote[], output: Output): void {
  for (const { note, images, example } of notes) {
    const name = inputName(example);
    output.note(images === 1 ? `${name}: ${note}` : `${images} images, such as ${name}: each ${note}`);
  }
}

function warnOfSkipped(skipped: readonly SkippedImage[], output: Output): void {
  for (const { path, reason } of skipped) output.warn(`raycam: ${inputName(path)}: ${reason}`);
  if (skipped.length > 1) output.warn(`raycam: ${skipped.length} images were skipped`);
}
