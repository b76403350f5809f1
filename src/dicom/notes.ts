/** What a user should know about a DICOM file's image. Texts of the file are compared with known ones, never repeated. */
import type { Elements } from './data_set.ts';
import type { ImageHeader } from './image_header.ts';

/** Modalities, by their codes. Source: DICOM PS3.3 C.7.3.1.1.1 */
const MODALITIES: ReadonlyMap<string, string> = new Map([
  ['CT', 'computed tomography'],
  ['MR', 'magnetic resonance'],
  ['US', 'ultrasound'],
  ['MG', 'mammography'],
  ['PT', 'positron emission tomography'],
  ['NM', 'nuclear medicine'],
  ['XA', 'angiography'],
  ['RF', 'fluoroscopy'],
  ['IO', 'an intraoral X-ray'],
  ['PX', 'a panoramic X-ray'],
  ['OP', 'ophthalmic photography'],
  ['SM', 'slide microscopy'],
  ['ES', 'endoscopy'],
  ['XC', 'photography'],
]);

const XRAYS = new Set(['CR', 'DX', 'DR', 'RG']);
/** Body parts of chest X-rays. */
const CHESTS = /CHEST|THORAX|LUNG|RIB/;
/** Other body parts that are common enough to be named. Source: DICOM PS3.16 annex L */
const PARTS = [
  'ABDOMEN',
  'HAND',
  'FOOT',
  'KNEE',
  'HIP',
  'PELVIS',
  'SKULL',
  'HEAD',
  'SHOULDER',
  'SPINE',
  'CSPINE',
  'LSPINE',
  'TSPINE',
  'WRIST',
  'ANKLE',
  'ELBOW',
  'BREAST',
  'NECK',
];

const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

/** Returns a clause that follows the file's name for everything that is unusual for a chest X-ray. */
export function notesOn(elements: Elements, header: ImageHeader): string[] {
  const notes = [
    noteOnModality(elements),
    noteOnPart(elements.text('x00180015')),
    elements.text('x00281300') === 'YES' || elements.text('x00280301') === 'YES'
      ? 'has annotations burnt into its pixels, which may include names'
      : undefined,
    elements.text('x00282110') === '01' ? 'was compressed with loss' : undefined,
    header.frames > 1 ? `has ${header.frames} frames, of which number ${header.frame + 1} was read` : undefined,
    noteOnAspect(elements),
  ];
  return notes.filter(note => note !== undefined);
}

function noteOnModality(elements: Elements): string | undefined {
  const modality = elements.text('x00080060');
  if (elements.text('x00080016').startsWith(SECONDARY_CAPTURE)) {
    return XRAYS.has(modality)
      ? "is a secondary capture, whose grey values may differ from the detector's"
      : 'is a secondary capture, which may show anything';
  }
  if (XRAYS.has(modality)) return undefined;
  if (modality === '') return 'does not say its modality, and may not be an X-ray';
  return `is not a plain X-ray (modality: ${MODALITIES.get(modality) ?? 'another one'})`;
}

function noteOnPart(part: string): string | undefined {
  if (part === '' || CHESTS.test(part)) return undefined;
  return `is not of a chest (body part: ${PARTS.includes(part) ? part.toLowerCase() : 'another one'})`;
}

/** How far the two spacings may differ. */
const SQUARE = 0.01;

function noteOnAspect(elements: Elements): string | undefined {
  const spacings = ['x00280030', 'x00181164', 'x00280034'].map(tag => elements.numbers(tag));
  const [row, column] = spacings.find(([a, b]) => a! > 0 && b! > 0) ?? [1, 1];
  if (Math.abs(row! / column! - 1) <= SQUARE) return undefined;
  return `has pixels that are not square (${Number((row! / column!).toFixed(3))} times as high as wide), which is ignored`;
}
