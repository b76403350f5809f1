/** Tells which images show the same patient, by the names that the public sets of chest X-rays use. */
import { baseName } from '#platform';

/** Patterns of file names without their extension. The groups together identify the patient. */
const FILE_PATTERNS = [
  // Kermany et al. as on Kaggle: person123_bacteria_4, person7_virus_11
  /^(person\d+)_[a-z]+_\d+$/,
  // the same set's healthy children: IM-0115-0001, NORMAL2-IM-0373-0001, IM-0656-0001-0002
  /^(?:normal\d*-)?(im-\d+)(?:-\d+)+$/,
  // Kermany et al. on Mendeley Data: NORMAL-1003233-0001, BACTERIA-1008087-0002
  /^(?:normal|bacteria|virus)-(\d+)-\d+$/,
  // NIH ChestX-ray14: 00000013_005
  /^(\d{8})_\d{3}$/,
];
/** Patterns of folders below a class: CheXpert's patient00001, MIMIC-CXR's p10000032. */
const FOLDER_PATTERN = /^(?:patient\d+|p\d{8})$/;

/**
 * Returns a name for the patient on an image; undefined if the path follows no known pattern. Other patterns are not
 * guessed: a name such as `covid_12` would turn all images of a class into those of one patient.
 *
 * path  below the set's folder, separated by `/`
 */
export function patientOf(path: string): string | undefined {
  const lower = path.toLowerCase();
  const stem = baseName(lower).replace(/\.[^.]+$/, '');
  for (const pattern of FILE_PATTERNS) {
    const patient = pattern.exec(stem)?.[1];
    if (patient !== undefined) return patient;
  }
  return lower.split('/').find(part => FOLDER_PATTERN.test(part));
}
