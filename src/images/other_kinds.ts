/** Names kinds of files that Raycam does not decode, for its error messages. */
import { at, matchesAny, type Signature } from './kinds.ts';

/** Kinds that people store images in, and that Raycam does not decode. */
const NAMED: readonly (readonly [string, ...(readonly Signature[])[]])[] = [
  ['a JPEG 2000 image', [at(4, 'jP  \r\n\x87\n')], [at(0, '\xff\x4f\xff\x51')]],
  ['a JPEG XL image', [at(0, '\xff\x0a')], [at(4, 'JXL \r\n\x87\n')]],
  ['a HEIC image', ...['heic', 'heix', 'hevc', 'heim', 'heis', 'mif1', 'msf1'].map(brand => [at(4, `ftyp${brand}`)])],
  ['an SVG drawing', [at(0, '<svg')], [at(0, '<!DOCTYPE svg')]],
  ['a web page', [at(0, '<!DOCTYPE html')], [at(0, '<!doctype html')], [at(0, '<html')]],
  ['an XML file', [at(0, '<?xml')]],
  ['a PDF document', [at(0, '%PDF')]],
  ['a PostScript file', [at(0, '%!PS')]],
  ['a Photoshop file', [at(0, '8BPS')]],
  ['a Windows icon', [at(0, '\0\0\x01\0')]],
  ['an OpenEXR image', [at(0, '\x76\x2f\x31\x01')]],
  ['a Radiance HDR image', [at(0, '#?RADIANCE')]],
  ['a floating-point PFM image', [at(0, 'PF\n')], [at(0, 'Pf\n')]],
  ['a PAM image', [at(0, 'P7\n')]],
  ['a NIfTI volume', [at(344, 'n+1\0')], [at(344, 'ni1\0')], [at(4, 'n+2\0')]],
  ['an NRRD volume', [at(0, 'NRRD')]],
  ['a MetaImage volume', [at(0, 'ObjectType')], [at(0, 'NDims')]],
  ['an Analyze or MATLAB file', [at(0, 'MATLAB')]],
  ['a NumPy array', [at(0, '\x93NUMPY')]],
  ['an HDF5 file', [at(0, '\x89HDF')]],
  ['a gzip archive', [at(0, '\x1f\x8b')]],
  ['a ZIP archive', [at(0, 'PK\x03\x04')]],
  ['a bzip2 archive', [at(0, 'BZh')]],
  ['an xz archive', [at(0, '\xfd7zXZ')]],
  ['a zstd archive', [at(0, '\x28\xb5\x2f\xfd')]],
  ['a RAR archive', [at(0, 'Rar!')]],
  ['a 7-Zip archive', [at(0, '7z\xbc\xaf')]],
  ['a tar archive', [at(257, 'ustar')]],
  ['a video', [at(4, 'ftyp')], [at(0, '\x1a\x45\xdf\xa3')], [at(0, 'RIFF'), at(8, 'AVI ')], [at(0, '\0\0\x01\xba')]],
  ['a Git LFS pointer', [at(0, 'version https://git-lfs')]],
];

/** Returns what the bytes are, with an article (`a PDF document`), if they are a known kind that is not decoded. */
export function otherKind(bytes: Uint8Array): string | undefined {
  return NAMED.find(([, ...alternatives]) => matchesAny(bytes, alternatives))?.[0];
}

/** Properties of a JPEG file's frame. */
export interface JpegFrame {
  /** Bits per sample: 8 in almost all files. */
  readonly precision: number;
  /** What the frame's marker says. */
  readonly process: 'baseline' | 'progressive' | 'lossless' | 'hierarchical' | 'arithmetic' | 'JPEG-LS';
}

/** Returns the first frame header of a JPEG file, or undefined if there is none. Source: ITU-T T.81, table B.1 */
export function jpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  for (let at = 2; at + 4 < bytes.length; ) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const process = frameProcess(marker);
    if (process !== undefined) return { precision: bytes[at + 4]!, process };
    if (marker === 0xda) return undefined;
    const isAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += isAlone ? 2 : 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
  }
  return undefined;
}

function frameProcess(marker: number): JpegFrame['process'] | undefined {
  if (marker === 0xc0 || marker === 0xc1) return 'baseline';
  if (marker === 0xc2) return 'progressive';
  if (marker === 0xc3) return 'lossless';
  if (marker >= 0xc5 && marker <= 0xc7) return 'hierarchical';
  if (marker >= 0xc9 && marker <= 0xcf && marker !== 0xcc) return 'arithmetic';
  return marker === 0xf7 ? 'JPEG-LS' : undefined;
}
