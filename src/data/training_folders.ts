/** Chooses the folders for training, for selecting the best epoch, and for the final test. */
import { InputError } from '../errors/index.ts';
import type { Dataset, FolderImage, ImageFolder } from './image_folder.ts';
import { patientOf } from './patient_of.ts';
import { Random } from './random.ts';

export interface TrainingFolders {
  readonly train: ImageFolder;
  /** Evaluated after every epoch to select the best one. */
  readonly val: ImageFolder;
  /** Name of that phase in the output. */
  readonly valName: string;
  /** Evaluated once, after training. */
  readonly test?: ImageFolder;
  /** What was held out of a dataset without splits, as a sentence. */
  readonly note?: string;
}

/**
 * Chooses the folders of a dataset. `seed` decides which images of a dataset without splits are held out.
 *
 * @throws InputError  no training split, neither a val nor a test split, or nothing to hold out
 */
export function trainingFolders({ root, splits }: Dataset, seed = 0): TrainingFolders {
  const { train, val, test, all } = splits;
  if (all) return holdOut(all, seed);
  const second = val ?? test;
  if (!train || !second)
    throw new InputError(
      `${root}: must contain a train folder and a val or test folder, got ${Object.keys(splits).join(', ')}. Put one folder per class into each`,
    );
  return { train, val: second, valName: val ? 'val' : 'test', test: val ? test : undefined };
}

/** The share of each class that is held out of a folder without splits is one in this many images. */
const HELD_OUT_EVERY = 5;

/** The images of one patient. */
interface Patient {
  readonly images: readonly FolderImage[];
  /** Number of images per class. */
  readonly counts: readonly number[];
}

/**
 * Divides a folder of classes into a training set and a validation set: about a fifth of each class, by whole patients
 * in a random order. A validation set that shares patients with the training set would flatter the head. Where the
 * names of the files do not tell the patient, every image counts as a patient of its own.
 *
 * @throws InputError  all images of a class are of one patient
 */
function holdOut(folder: ImageFolder, seed: number): TrainingFolders {
  const { root, classes, images } = folder;
  const { patients, isKnown } = patientsOf(folder);
  const order = Random.of(seed, 'hold out').permutation(patients.length);
  const shuffled = Array.from(order, i => patients[i]!);
  const held = choosePatients(folder, shuffled);
  const heldImages = new Set([...held].flatMap(patient => patient.images));
  const part = (isHeld: boolean) => ({
    root,
    classes,
    images: images.filter(image => heldImages.has(image) === isHeld),
  });
  const [train, val] = [part(false), part(true)];
  const share = `${root}: has no train and val folders, so ${val.images.length} of ${images.length} images`;
  const note = isKnown
    ? `${share} are held out to select the best epoch: those of ${held.size} of ${patients.length} patients, by the names of the files`
    : `${share} are held out to select the best epoch. The names of the files do not tell which images show the same patient`;
  return { train, val, valName: 'held out', note };
}

function patientsOf({ root, classes, images }: ImageFolder): { patients: Patient[]; isKnown: boolean } {
  const byPatient = new Map<string, FolderImage[]>();
  let isKnown = false;
  for (const image of images) {
    const path = image.path.slice(root.length + 1);
    const patient = patientOf(path);
    isKnown ||= patient !== undefined;
    const key = patient === undefined ? `file ${path}` : `patient ${patient}`;
    const own = byPatient.get(key);
    if (own) own.push(image);
    else byPatient.set(key, [image]);
  }
  const countsOf = (own: readonly FolderImage[]) =>
    classes.map((_, k) => own.filter(({ classIndex }) => classIndex === k).length);
  const patients = [...byPatient.values()].map(own => ({ images: own, counts: countsOf(own) }));
  return { patients, isKnown };
}

/** Takes patients in order while no class exceeds its share; then one of each class that has none yet. */
function choosePatients({ root, classes, images }: ImageFolder, patients: readonly Patient[]): Set<Patient> {
  const held = new Set<Patient>();
  const counts = classes.map((_, k) => images.filter(({ classIndex }) => classIndex === k).length);
  const target = counts.map(count => Math.max(1, Math.floor(count / HELD_OUT_EVERY)));
  const taken = classes.map(() => 0);
  const take = (patient: Patient) => {
    held.add(patient);
    patient.counts.forEach((count, k) => {
      taken[k]! += count;
    });
  };
  for (const patient of patients)
    if (patient.counts.every((count, k) => taken[k]! + count <= Math.min(target[k]!, counts[k]! - 1))) take(patient);
  for (const [k, name] of classes.entries()) {
    if (taken[k]! > 0) continue;
    const fits = (patient: Patient) => patient.counts.every((count, other) => taken[other]! + count < counts[other]!);
    const candidates = patients.filter(patient => patient.counts[k]! > 0 && !held.has(patient) && fits(patient));
    const [smallest] = candidates.sort((a, b) => a.images.length - b.images.length);
    if (smallest === undefined)
      throw new InputError(
        `${root}: the class "${name}" needs images of at least 2 patients, so that one can be held out. Add images, or sort the images into train and val folders`,
      );
    take(smallest);
  }
  return held;
}
