import { fileStatus } from '#platform';
import { listImages } from '../data/list_images.ts';
import { ImageLoader, type LoadedImage } from '../data/loader.ts';
import { InputError } from '../errors/index.ts';
import type { Output } from './output.ts';
import { interruption } from './session.ts';

/** Images that are being decoded: the first few while the network is opened. */
export class ComingImages {
  readonly loader: ImageLoader;
  private readonly images: AsyncIterator<LoadedImage>;
  private readonly first: Promise<IteratorResult<LoadedImage>>;

  constructor(readonly paths: readonly string[]) {
    this.loader = new ImageLoader(paths, { signal: interruption.signal });
    this.images = this.loader[Symbol.asyncIterator]();
    this.first = this.images.next();
    this.first.catch(() => {}); // thrown where it is asked for
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoadedImage> {
    for (let next = await this.first; !next.done; next = await this.images.next()) yield next.value;
  }
}

/**
 * Decodes the images that were named and hands them over one by one. Those that cannot be read are named and
 * skipped; if there were any the command fails in the end, after the others are done.
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

/** Before a network is opened for them: is there anything to read? @throws InputError none of the paths is a file */
export async function expectFiles(paths: readonly string[]): Promise<void> {
  const results = await Promise.allSettled(paths.map(fileStatus));
  const failure = results.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected' && results.every(({ status }) => status === 'rejected')) throw failure.reason;
}

/** Images, and those in folders, in the order given. @throws InputError there are none, or a path leads nowhere */
export async function imagesUnder(inputs: readonly string[], command: string): Promise<string[]> {
  const under = async (path: string) => ((await fileStatus(path)).isDirectory ? listImages(path) : [path]);
  const paths = (await Promise.all(inputs.map(under))).flat();
  if (paths.length === 0) throw new InputError(`${command}: no images under ${inputs.join(', ')}`);
  return paths;
}

/** Names every file that was passed over, and counts them. */
export function reportSkipped(
  skipped: readonly { readonly path: string; readonly reason: string }[],
  output: Output,
): void {
  for (const { path, reason } of skipped) output.warn(`raycam: ${path}: ${reason}`);
  if (skipped.length > 1) output.warn(`raycam: ${skipped.length} images were skipped`);
}
