/** The transfer syntaxes: how a DICOM file stores its elements and its pixels. Source: DICOM PS3.5, PS3.6 annex A */
import type { Codec } from './types.ts';

/** How the pixels are stored: plainly, or by a codec. */
export type Compression = 'none' | 'rle' | 'jpeg' | Codec;

export interface TransferSyntax {
  readonly name: string;
  readonly isExplicit: boolean;
  readonly isBigEndian: boolean;
  readonly isDeflated: boolean;
  /** Undefined if Raycam does not decode it. */
  readonly compression: Compression | undefined;
}

const encapsulated = (name: string, compression?: Compression): TransferSyntax => ({
  name,
  isExplicit: true,
  isBigEndian: false,
  isDeflated: false,
  compression,
});

const plain = (name: string, change: Partial<TransferSyntax> = {}): TransferSyntax => ({
  ...encapsulated(name, 'none'),
  ...change,
});

const ROOT = '1.2.840.10008.1.2';

const SYNTAXES: ReadonlyMap<string, TransferSyntax> = new Map([
  [ROOT, plain('implicit little endian', { isExplicit: false })],
  [`${ROOT}.1`, plain('explicit little endian')],
  [`${ROOT}.1.99`, plain('deflated explicit little endian', { isDeflated: true })],
  [`${ROOT}.2`, plain('explicit big endian', { isBigEndian: true })],
  [`${ROOT}.5`, encapsulated('RLE', 'rle')],
  [`${ROOT}.4.50`, encapsulated('JPEG baseline', 'jpeg')],
  [`${ROOT}.4.51`, encapsulated('JPEG extended', 'jpeg')],
  [`${ROOT}.4.57`, encapsulated('JPEG lossless', 'jpegLossless')],
  [`${ROOT}.4.70`, encapsulated('JPEG lossless, first-order prediction', 'jpegLossless')],
  [`${ROOT}.4.80`, encapsulated('JPEG-LS lossless', 'jpegLs')],
  [`${ROOT}.4.81`, encapsulated('JPEG-LS near-lossless', 'jpegLs')],
  [`${ROOT}.4.90`, encapsulated('JPEG 2000 lossless', 'jpeg2000')],
  [`${ROOT}.4.91`, encapsulated('JPEG 2000', 'jpeg2000')],
  ...['4.92', '4.93'].map(end => [`${ROOT}.${end}`, encapsulated('JPEG 2000 multi-component')] as const),
  ...['4.94', '4.95', '4.204', '4.205'].map(end => [`${ROOT}.${end}`, encapsulated('JPIP')] as const),
  ...['4.201', '4.202', '4.203'].map(end => [`${ROOT}.${end}`, encapsulated('high-throughput JPEG 2000')] as const),
  ...['4.110', '4.111', '4.112'].map(end => [`${ROOT}.${end}`, encapsulated('JPEG XL')] as const),
  ...['6.1', '6.2'].map(end => [`${ROOT}.${end}`, encapsulated('RFC 2557 or XML')] as const),
  ...[52, 53, 54, 55, 56, 58, 59, 60, 61, 62, 63, 64, 65, 66].map(
    end => [`${ROOT}.4.${end}`, encapsulated('a retired kind of JPEG')] as const,
  ),
]);

/** Returns the transfer syntax of a UID. One that is not known has no compression, and its UID is not repeated. */
export function transferSyntax(uid: string): TransferSyntax {
  const known = SYNTAXES.get(uid);
  if (known !== undefined) return known;
  return encapsulated(/^1\.2\.840\.10008\.1\.2\.4\.10\d/.test(uid) ? 'MPEG video' : 'an unknown transfer syntax');
}

/** Returns the transfer syntax of a file that does not name it. */
export function unnamedSyntax(isExplicit: boolean, isBigEndian: boolean): TransferSyntax {
  return plain(`${isExplicit ? 'explicit' : 'implicit'} ${isBigEndian ? 'big' : 'little'} endian`, {
    isExplicit,
    isBigEndian,
  });
}
