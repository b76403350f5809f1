/** Recognises DICOM files, also those that lack the preamble of Part 10. */

/** Where the data elements begin, and how they are stored if the file does not say so itself. */
export interface DicomStart {
  readonly offset: number;
  /** Whether the group 0002 comes first, which names the transfer syntax. */
  readonly hasMeta: boolean;
  readonly isBigEndian: boolean;
  readonly isExplicit: boolean;
}

/** Value representations of the elements that a data set may begin with. Source: DICOM PS3.6 */
const FIRST_VRS = new Set(['UL', 'OB', 'UI', 'CS', 'SH', 'DA', 'TM', 'DT', 'LO', 'SQ', 'AE', 'US', 'IS']);
/** Elements of group 0008 have less than this; image type, class, dates and modality come first. */
const LONGEST_FIRST = 1024;

/** Returns whether bytes are a DICOM file. */
export function isDicom(bytes: Uint8Array): boolean {
  return findStart(bytes) !== undefined;
}

/** Returns where a DICOM file's data elements begin, or undefined if the bytes are not DICOM. */
export function findStart(bytes: Uint8Array): DicomStart | undefined {
  for (const at of [128, 0]) {
    if (textAt(bytes, at, 4) === 'DICM') return firstElement(bytes, at + 4) ?? unknownStart(at + 4);
  }
  return firstElement(bytes, 0);
}

function unknownStart(offset: number): DicomStart {
  return { offset, hasMeta: true, isBigEndian: false, isExplicit: true };
}

/** Recognises a first element of group 0002 or 0008. */
function firstElement(bytes: Uint8Array, offset: number): DicomStart | undefined {
  if (bytes.length < offset + 8) return undefined;
  const [b0, b1, b2, b3] = bytes.subarray(offset, offset + 4) as unknown as [number, number, number, number];
  const isExplicit = FIRST_VRS.has(textAt(bytes, offset + 4, 2));
  if (b0 === 2 && b1 === 0 && b3 === 0 && isExplicit) {
    return { offset, hasMeta: true, isBigEndian: false, isExplicit };
  }
  const isLittle = b0 === 8 && b1 === 0 && b3 === 0;
  const isBig = b0 === 0 && b1 === 8 && b2 === 0;
  if (!isLittle && !isBig) return undefined;
  if (isExplicit) return { offset, hasMeta: false, isBigEndian: isBig, isExplicit };
  const length = new DataView(bytes.buffer, bytes.byteOffset + offset + 4).getUint32(0, isLittle);
  const next = offset + 8 + length;
  if (length > LONGEST_FIRST || length % 2 === 1 || next + 4 > bytes.length) return undefined;
  // The next element must be of the same group or the one after the last of it.
  const [n0, n1] = [bytes[next]!, bytes[next + 1]!];
  const group = isLittle ? n0 + 256 * n1 : n1 + 256 * n0;
  if (group < 8 || group > 0x28) return undefined;
  return { offset, hasMeta: false, isBigEndian: isBig, isExplicit: false };
}

function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}
