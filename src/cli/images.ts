import { fileStatus } from '#platform';
import { ImageLoader, type LoadedImage } from '../data/loader.ts';
import { InputError } from '../errors.ts';
import type { Output } from './output.ts';
import { interruption } from './session.ts';

/**
 * Decodes the images that were named and hands them over one by one. Those that cannot be read are named and
 * skipped; if there were any the command fails in the end, after the others are done.
 */
export async function forEachImage(
  paths: readonly string[],
  output: Output,
  work: (loaded: LoadedImage) => Promise<void>,
): Promise<void> {
  const loader = new ImageLoader(paths, { signal: interruption.signal });
  const progress = paths.length > 1 ? output.progress('images', paths.length) : undefined;
  let done = 0;
  for await (const loaded of loader) {
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

/** Names every file that was passed over, and counts them. */
export function reportSkipped(
  skipped: readonly { readonly path: string; readonly reason: string }[],
  output: Output,
): void {
  for (const { path, reason } of skipped) output.warn(`raycam: ${path}: ${reason}`);
  if (skipped.length > 1) output.warn(`raycam: ${skipped.length} images were skipped`);
}
