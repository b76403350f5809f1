/** Which folder is learnt from, which chooses the epoch, and which is only measured on. */
import { InputError } from '../errors/index.ts';
import type { Dataset, ImageFolder } from './image_folder.ts';

export interface TrainingFolders {
  readonly train: ImageFolder;
  /** The second phase of every epoch. */
  readonly val: ImageFolder;
  /** What that phase is called. */
  readonly valName: string;
  /** Only measured on. */
  readonly test?: ImageFolder;
}

/** @throws InputError  there is nothing to learn from, or nothing to choose by */
export function trainingFolders({ root, splits }: Dataset): TrainingFolders {
  const { train, val, test } = splits;
  const second = val ?? test;
  if (!train || !second)
    throw new InputError(
      `${root}: training needs a train folder and a val or test folder, with a folder per class in each. Found ${Object.keys(splits).join(', ')}`,
    );
  return { train, val: second, valName: val ? 'val' : 'test', test: val ? test : undefined };
}

/** Of each class, every so many images are held out of a folder without splits. */
const HELD_OUT_EVERY = 5;

/**
 * A folder of classes as a training and a validation set: every fifth image of each class is held out, in the order of their names.
 *
 * @throws InputError  a class has one image only
 */
export function holdOut(folder: ImageFolder): TrainingFolders {
  const { root, classes, images } = folder;
  const places = classes.map(() => 0);
  const counts = classes.map((_, k) => images.filter(({ classIndex }) => classIndex === k).length);
  const single = counts.indexOf(1);
  if (single >= 0)
    throw new InputError(
      `${root}: the class ${classes[single]} has one image only, and one of each class is held out. Add images`,
    );
  const isHeld = images.map(({ classIndex }) => {
    const place = ++places[classIndex]!;
    return counts[classIndex]! < HELD_OUT_EVERY ? place === counts[classIndex] : place % HELD_OUT_EVERY === 0;
  });
  const part = (held: boolean) => ({ root, classes, images: images.filter((_, i) => isHeld[i] === held) });
  return { train: part(false), val: part(true), valName: 'held out' };
}
