/** Reads DICOM images. */
import { InputError } from '../errors/index.ts';
import { imageOfPixels } from '../images/finish.ts';
import type { DecodedImage } from '../images/types.ts';
import { colourPixels, palettePixels } from './colour.ts';
import { type DataSet, type Elements, readDataSet } from './data_set.ts';
import { findStart } from './detect.ts';
import { FrameError } from './frames.ts';
import { type GreyImage, greyImage } from './grey.ts';
import { CONVERT, type ImageHeader, readImageHeader } from './image_header.ts';
import { notesOn } from './notes.ts';
import { readFrame, type StoredFrame, UnsupportedFrame } from './stored_frame.ts';
import type { DicomHost } from './types.ts';

/**
 * Reads one frame of a DICOM file.
 *
 * frame    the first is 1
 * returns  8-bit RGB. Grey samples pass the modality transformation, then the VOI LUT, otherwise the first window,
 *          otherwise their full range; MONOCHROME1 is inverted; pixels of the padding value are black
 *
 * Neither the result nor an error contains text of the file: no name, number, date or UID.
 *
 * @throws InputError  the file is damaged or cut short, has no such frame, or is of a kind that Raycam does not read
 */
export async function readDicom(
  file: Uint8Array,
  name: string,
  { frame = 1, host }: { readonly frame?: number; readonly host: DicomHost },
): Promise<DecodedImage> {
  const start = findStart(file);
  if (start === undefined) throw new InputError(`${name}: is not a DICOM file. Choose another`);
  const data = await readDataSet(file, start, { name, host });
  const header = readImageHeader(data, name, frame);
  try {
    const stored = await readFrame(data, header, host);
    return finish(data, header, stored);
  } catch (error) {
    throw explain(error, name);
  }
}

function explain(error: unknown, name: string): unknown {
  if (error instanceof FrameError) {
    return new InputError(`${name}: is damaged or ends early (${error.message}). Download or copy it again`);
  }
  if (!(error instanceof UnsupportedFrame)) return error;
  return new InputError(`${name}: is a DICOM file of a kind that Raycam does not read (${error.message}). ${CONVERT}`);
}

function finish({ elements, syntax }: DataSet, header: ImageHeader, stored: StoredFrame): DecodedImage {
  const { width, height, photometric, bitsAllocated, frames, frame } = header;
  const grey = photometric.startsWith('MONO') ? greyImage(stored, header, placesOf(elements, frame)) : undefined;
  const pixels =
    grey !== undefined
      ? repeat(grey.grey)
      : photometric === 'PALETTE COLOR'
        ? palettePixels(stored, header, elements)
        : colourPixels(stored, header);
  const noteOnColour = grey === undefined ? ['is in colour, which X-rays are not'] : [];
  const details = {
    'transfer syntax': syntax.name,
    'bits stored': header.bitsStored,
    ...(frames > 1 ? { frame: frame + 1, frames } : {}),
    ...grey?.details,
  };
  const notes = [...notesOn(elements, header), ...noteOnColour, ...(grey?.notes ?? [])];
  const about = { format: 'DICOM', photometric, bits: bitsAllocated, details, notes };
  return imageOfPixels({ width, height, pixels }, about, bitsOf(grey, header));
}

function bitsOf(grey: GreyImage | undefined, { bitsStored }: ImageHeader): number {
  return grey?.bitsUsed ?? bitsStored;
}

function repeat(grey: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(3 * grey.length);
  for (let i = 0, to = 0; i < grey.length; i++) {
    pixels[to++] = grey[i]!;
    pixels[to++] = grey[i]!;
    pixels[to++] = grey[i]!;
  }
  return pixels;
}

/**
 * Returns where transformations of grey values may be, the most specific place first: the frame's functional groups,
 * those that all frames share, the file itself. Source: DICOM PS3.3 C.7.6.16
 */
function placesOf(elements: Elements, frame: number): Elements[] {
  const groups = [elements.item('x52009230', frame), elements.item('x52009229')];
  const places = groups.flatMap(group => [group?.item('x00289145'), group?.item('x00289132')]);
  return [...places.filter(place => place !== undefined), elements];
}
