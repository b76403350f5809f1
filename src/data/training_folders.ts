/** Chooses the folders for training, for selecting the best epoch, and for the final test. */
import { InputError } from '../errors/index.ts';
import type { Dataset, ImageFolder } from './image_folder.ts';

export interface TrainingFolders {
  readonly train: ImageFolder;
  /** Evaluated after every epoch to select the best one. */
  readonly val: ImageFolder;
  /** Name of that phase in the output. */
  readonly valName: string;
  /** Evaluated once, after training. */
  readonly test?: ImageFolder;
}

/**
 * Chooses the folders of a dataset with splits.
 *
 * @throws InputError  no training split, or neither a val nor a test split
 */
export function trainingFolders({ root, splits }: Dataset): TrainingFolders {
  const { train, val, test } = splits;
  const second = val ?? test;
  if (!train || !second)
    throw new InputError(
      `${root}: must contain a train folder and a val or test folder, got ${Object.keys(splits).join(', ')}. Put one folder per class into each`,
    );
  return { train, val: second, valName: val ? 'val' : 'test', test: val ? test : undefined };
}

/** One in this many images of each class is held out of a folder without splits. */
const HELD_OUT_EVERY = 5;

/**
 * Divides a folder of classes into a training set and a validation set. Every fifth image of each class, in order of
 * the names, goes into the validation set; of a class with fewer than five images, the last.
 *
 * @throws InputError  a class has only one image
 */
export function holdOut(folder: ImageFolder): TrainingFolders {
  const { root, classes, images } = folder;
  const places = classes.map(() => 0);
  const counts = classes.map((_, k) => images.filter(({ classIndex }) => classIndex === k).length);
  const single = counts.indexOf(1);
  if (single >= 0)
    throw new InputError(`${root}: the class "${classes[single]}" needs at least 2 images, got 1. Add images`);
  const isHeld = images.map(({ classIndex }) => {
    const place = ++places[classIndex]!;
    return counts[classIndex]! < HELD_OUT_EVERY ? place === counts[classIndex] : place % HELD_OUT_EVERY === 0;
  });
  const part = (held: boolean) => ({ root, classes, images: images.filter((_, i) => isHeld[i] === held) });
  return { train: part(false), val: part(true), valName: 'held out' };
}
