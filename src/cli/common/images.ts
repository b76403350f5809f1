import { InvalidArgumentError, Option } from 'commander';
import { type DecodeOptions, fileStatus } from '#platform';
import { listImages } from '../../data/list_images.ts';
import { ImageLoader, type LoadedImage } from '../../data/loader.ts';
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

  constructor(
    readonly paths: readonly string[],
    { frame }: DecodeOptions = {},
  ) {
    this.loader = new ImageLoader(paths, { signal: interruption.signal, decode: { frame } });
    this.images = this.loader[Symbol.asyncIterator]();
    this.first = this.images.next();
    this.first.catch(() => {}); // the iterator below rethrows it
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoadedImage> {
    for (let next = await this.first; !next.done; next = await this.images.next()) yield next.value;
  }
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
): Promise<void> {
  const { loader, paths } = images;
  const progress = paths.length > 1 ? output.progress('images', paths.length) : undefined;
  let done = 0;
  for await (const loaded of images) {
    await work(loaded);
    progress?.update(++done + loader.skipped.length);
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

/**
 * Returns the named images and those in named folders, in the given order.
 *
 * @throws InputError  there are none, or a path does not exist
 */
export async function imagesUnder(inputs: readonly string[], command: string): Promise<string[]> {
  const under = async (path: string) => ((await fileStatus(path)).isDirectory ? listImages(path) : [path]);
  const paths = (await Promise.all(inputs.map(under))).flat();
  if (paths.length === 0) throw new InputError(`${command}: ${inputs.join(', ')}: contains no images`);
  return paths;
}

/** Reports every skipped file, and their number. */
export function reportSkipped(
  skipped: readonly { readonly path: string; readonly reason: string }[],
  output: Output,
): void {
  for (const { path, reason } of skipped) output.warn(`raycam: ${path}: ${reason}`);
  if (skipped.length > 1) output.warn(`raycam: ${skipped.length} images were skipped`);
}
