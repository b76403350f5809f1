import { fileStatus } from '#platform';
import { type Dataset, openDataset } from '../../data/image_folder.ts';
import { listImages, PassedOver } from '../../data/list_images.ts';
import { ImageLoader, type ImageNote, type LoadedImage } from '../../data/loader.ts';
import { InputError } from '../../errors/index.ts';
import type { Output } from './output.ts';
import { interruption } from './session.ts';

/**
 * Images that are being decoded. Decoding starts in the constructor, so the first images are ready when the network is.
 */
export class ComingImages {
  readonly loader: ImageLoader;
  private readonly images: AsyncIterator<LoadedImage>;
  private readonly first: Promise<IteratorResult<LoadedImage>>;

  constructor(readonly paths: readonly string[]) {
    this.loader = new ImageLoader(paths, { signal: interruption.signal });
    this.images = this.loader[Symbol.asyncIterator]();
    this.first = this.images.next();
    this.first.catch(() => {}); // the iterator below rethrows it
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoadedImage> {
    for (let next = await this.first; !next.done; next = await this.images.next()) yield next.value;
  }
}

/**
 * Calls `work` with each decoded image. Images that cannot be read are reported and skipped; the command then ends
 * with exit status 1, after the others are done.
 */
export async function forEachImage(
  images: ComingImages,
  output: Output,
  work: (loaded: LoadedImage) => Promise<void>,
): Promise<void> {
  const { loader, paths } = images;
  const progress = paths.length > 1 ? output.progress('images', paths.length) : undefined;
  let done = 0;
  for await (const loaded of images) {
    try {
      await work(loaded);
      done++;
    } catch (error) {
      // An image that decodes may still be too large to be resized.
      loader.skip(loaded.path, error);
    }
    for (const note of loaded.image.notes ?? []) output.note(`${loaded.path}: ${note}`);
    progress?.update(done + loader.skipped.length);
  }
  progress?.stop();
  reportSkipped(loader.skipped, output);
  if (loader.skipped.length === paths.length && paths.length > 1)
    throw new InputError(`none of the ${paths.length} images could be read`);
  if (loader.skipped.length > 0) process.exitCode = 1;
}

/** Checks that there is anything to read, before a network is opened. @throws InputError  none of the paths exists */
export async function expectFiles(paths: readonly string[]): Promise<void> {
  const results = await Promise.allSettled(paths.map(fileStatus));
  const failure = results.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected' && results.every(({ status }) => status === 'rejected')) throw failure.reason;
}

/** Opens labelled images, and notes the files in their folders that are not images. @throws InputError */
export async function openLabelled(dir: string, output: Output): Promise<Dataset> {
  const dataset = await openDataset(dir);
  notePassedOver(dir, dataset.passedOver, output);
  return dataset;
}

function notePassedOver(dir: string, passedOver: PassedOver, output: Output): void {
  const text = passedOver.describe();
  if (text !== undefined) output.note(`${dir}: ${text}`);
}

/**
 * Returns the named images and those in named folders, in the given order.
 *
 * @throws InputError  there are none, or a path does not exist
 */
export async function imagesUnder(inputs: readonly string[], command: string, output: Output): Promise<string[]> {
  const under = async (path: string) => {
    if (!(await fileStatus(path)).isDirectory) return [path];
    const passedOver = new PassedOver();
    const images = await listImages(path, undefined, passedOver);
    notePassedOver(path, passedOver, output);
    return images;
  };
  const paths = (await Promise.all(inputs.map(under))).flat();
  if (paths.length === 0) throw new InputError(`${command}: ${inputs.join(', ')}: contains no images`);
  return paths;
}

/** Reports the notes on many images: those on one image with its path, the others with their number. */
export function reportNotes(notes: readonly ImageNote[], output: Output): void {
  for (const { note, images, example } of notes)
    output.note(images === 1 ? `${example}: ${note}` : `${images} images, such as ${example}: each ${note}`);
}

/** Reports every skipped file, and their number. */
export function reportSkipped(
  skipped: readonly { readonly path: string; readonly reason: string }[],
  output: Output,
): void {
  for (const { path, reason } of skipped) output.warn(`raycam: ${path}: ${reason}`);
  if (skipped.length > 1) output.warn(`raycam: ${skipped.length} images were skipped`);
}
