import type { Reuse } from '../../data/feature_store.ts';
import type { ImageFolder } from '../../data/image_folder.ts';
import type { SkippedImage } from '../../data/loader.ts';
import { computeFeatures, type Features } from '../../inference/features.ts';
import type { Network } from '../../inference/network.ts';
import type { FeatureSet } from '../../train/feature_set.ts';
import { reportNotes, reportSkipped } from './images.ts';
import { readInput } from './inputs.ts';
import type { NetworkFlags } from './options.ts';
import type { Output } from './output.ts';
import { interruption } from './session.ts';

export interface FeatureFlags extends NetworkFlags {
  readonly reuse?: Reuse;
  readonly augment?: number;
  readonly seed?: number;
}

/** Returns the features of these images and shows a progress bar for those that must be computed. */
export async function featuresWithProgress(
  network: Network,
  output: Output,
  { paths, label, flags }: { readonly paths: readonly string[]; readonly label: string; readonly flags: FeatureFlags },
): Promise<Features> {
  const progress = output.progress(label, paths.length, 'images');
  const skipped: SkippedImage[] = [];
  try {
    const features = await computeFeatures(network, {
      paths,
      augment: flags.augment,
      seed: flags.seed,
      cacheDir: flags.cacheDir,
      reuse: flags.reuse,
      signal: interruption.signal,
      read: path => readInput(path, output),
      onSkip: image => skipped.push(image),
      onProgress: done => progress.update(done),
      note: text => output.note(text),
    });
    reportNotes(features.notes, output);
    return features;
  } finally {
    progress.stop();
    reportSkipped(skipped, output);
  }
}

/** Returns a folder's features and labels. */
export async function featureSetOf(
  network: Network,
  output: Output,
  { folder, label, flags }: { readonly folder: ImageFolder; readonly label: string; readonly flags: FeatureFlags },
): Promise<FeatureSet & Features> {
  const features = await featuresWithProgress(network, output, {
    paths: folder.images.map(({ path }) => path),
    label,
    flags,
  });
  return {
    ...features,
    features: features.rows,
    labels: features.images.map(image => folder.images[image]!.classIndex),
  };
}
