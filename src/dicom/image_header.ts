/** Checks what a DICOM file says about its image, before anything is allocated. */
import { InputError } from '../errors/index.ts';
import { type DataSet, MAX_PIXELS } from './data_set.ts';
import type { Compression } from './transfer_syntax.ts';

const PHOTOMETRICS = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_RCT',
  'YBR_ICT',
] as const;
export type Photometric = (typeof PHOTOMETRICS)[number];

/** Photometric kinds that the standard has or had, and that Raycam does not read. */
const OTHER_PHOTOMETRICS = ['YBR_PARTIAL_422', 'YBR_PARTIAL_420', 'HSV', 'ARGB', 'CMYK', 'XYB'];

export interface ImageHeader {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly photometric: Photometric;
  readonly bitsAllocated: 1 | 8 | 16 | 32;
  readonly bitsStored: number;
  /** Position of a sample's lowest bit. */
  readonly shift: number;
  readonly isSigned: boolean;
  /** Whether all samples of one channel are stored before those of the next. */
  readonly isPlanar: boolean;
  readonly frames: number;
  /** The frame to read; the first is 0. */
  readonly frame: number;
  readonly compression: Compression;
}

/** SOP classes that contain documents and not images, by the start of their UIDs. Source: DICOM PS3.4 annex B */
const DOCUMENTS: readonly (readonly [string, string])[] = [
  ['1.2.840.10008.5.1.4.1.1.104.1', 'an encapsulated PDF'],
  ['1.2.840.10008.5.1.4.1.1.104', 'an encapsulated document'],
  ['1.2.840.10008.5.1.4.1.1.88', 'a structured report'],
  ['1.2.840.10008.5.1.4.1.1.11', 'a presentation state'],
  ['1.2.840.10008.5.1.4.1.1.481', 'a radiotherapy object'],
  ['1.2.840.10008.5.1.4.1.1.66', 'a registration or segmentation'],
  ['1.2.840.10008.5.1.4.1.1.9', 'a waveform'],
  ['1.2.840.10008.1.3.10', 'a directory of DICOM files'],
];

/**
 * Reads the image's properties.
 *
 * frame    the first is 1
 *
 * @throws InputError  the file contains no image, one that is too large, or one of a kind that Raycam does not read
 */
export function readImageHeader({ elements, syntax, pixels }: DataSet, name: string, frame: number): ImageHeader {
  const refuse = (what: string, advice: string) => new InputError(`${name}: ${what}. ${advice}`);
  if (pixels === undefined)
    throw refuse(`is a DICOM file without an image (${contentsOf(elements)})`, 'Choose an image');
  if (pixels.kind === 'float') {
    throw refuse('is a DICOM file with floating-point pixels, which Raycam does not read', 'Export it as integers');
  }
  if (syntax.compression === undefined) {
    throw refuse(`is a DICOM file whose pixels are compressed as ${syntax.name}, which Raycam does not read`, CONVERT);
  }
  const [height = 0, width = 0] = [elements.uint16('x00280010'), elements.uint16('x00280011')];
  if (width === 0 || height === 0)
    throw refuse(`is damaged (${width} x ${height} pixels)`, 'Download or copy it again');
  if (width * height > MAX_PIXELS) throw refuse('has more than 100 megapixels', 'Scale it down first');
  const format = readFormat(elements, refuse);
  const frames = Math.max(1, Math.floor(elements.numbers('x00280008')[0] || 1));
  if (frame > frames) {
    throw refuse(`has ${frames} ${frames === 1 ? 'frame' : 'frames'}, not ${frame}`, `Choose one from 1 to ${frames}`);
  }
  return { ...format, width, height, frames, frame: frame - 1, compression: syntax.compression };
}

/** How to turn a file into one that is read. */
export const CONVERT = 'Convert it, for example with dcmdjpeg or gdcmconv --raw';

function contentsOf(elements: DataSet['elements']): string {
  const uid = elements.text('x00080016');
  return DOCUMENTS.find(([start]) => uid.startsWith(start))?.[1] ?? 'it has no pixel data';
}

type Refuse = (what: string, advice: string) => InputError;

function readFormat(elements: DataSet['elements'], refuse: Refuse) {
  const channels = elements.uint16('x00280002') ?? 1;
  const stated = elements.text('x00280004');
  const photometric =
    PHOTOMETRICS.find(known => known === stated) ?? (stated === '' && channels === 1 ? 'MONOCHROME2' : undefined);
  if (photometric === undefined) {
    const which = OTHER_PHOTOMETRICS.includes(stated) ? stated : 'of an unknown kind';
    throw refuse(`is a DICOM file whose samples are ${which}, which Raycam does not read`, 'Export it as grey values');
  }
  const expected = photometric.startsWith('MONO') || photometric === 'PALETTE COLOR' ? 1 : 3;
  if (channels !== expected) {
    throw refuse(`is damaged (${photometric} with ${channels} samples per pixel)`, 'Download or copy it again');
  }
  return {
    channels: expected as 1 | 3,
    photometric,
    ...readBits(elements, refuse),
    isPlanar: elements.uint16('x00280006') === 1,
  };
}

function readBits(elements: DataSet['elements'], refuse: Refuse) {
  const bitsAllocated = elements.uint16('x00280100') ?? 0;
  if (bitsAllocated !== 1 && bitsAllocated !== 8 && bitsAllocated !== 16 && bitsAllocated !== 32) {
    throw refuse(
      `is a DICOM file with ${bitsAllocated} bits allocated per sample, which Raycam does not read`,
      'Export it with 8 or 16',
    );
  }
  const bitsStored = elements.uint16('x00280101') || bitsAllocated;
  const highBit = elements.uint16('x00280102') ?? bitsStored - 1;
  const shift = highBit + 1 - bitsStored;
  if (bitsStored > bitsAllocated || shift < 0 || highBit >= bitsAllocated) {
    throw refuse(
      `is damaged (${bitsStored} bits stored up to bit ${highBit} of ${bitsAllocated})`,
      'Download or copy it again',
    );
  }
  return { bitsAllocated, bitsStored, shift, isSigned: elements.uint16('x00280103') === 1 } as const;
}
