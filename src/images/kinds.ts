/** Recognises what kind of file some bytes are, whatever the file's name says. */

/** Kinds that Raycam decodes. */
export type ImageKind = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'AVIF' | 'BMP' | 'PGM' | 'PPM' | 'PBM';

export interface Signature {
  readonly offset: number;
  readonly bytes: string;
}

export const at = (offset: number, bytes: string): Signature => ({ offset, bytes });

/** The first bytes of each kind, as Latin-1 text. A kind has one of its alternatives; all parts of it must match. */
const DECODED: readonly (readonly [ImageKind, ...(readonly Signature[])[]])[] = [
  ['JPEG', [at(0, '\xff\xd8\xff')]],
  ['PNG', [at(0, '\x89PNG\r\n\x1a\n')]],
  ['WebP', [at(0, 'RIFF'), at(8, 'WEBP')]],
  ['GIF', [at(0, 'GIF8')]],
  ['TIFF', [at(0, 'II*\0')], [at(0, 'MM\0*')], [at(0, 'II+\0')], [at(0, 'MM\0+')]],
  ['AVIF', [at(4, 'ftypavif')], [at(4, 'ftypavis')]],
  ['PBM', [at(0, 'P1')], [at(0, 'P4')]],
  ['PGM', [at(0, 'P2')], [at(0, 'P5')]],
  ['PPM', [at(0, 'P3')], [at(0, 'P6')]],
];

/** Returns the kind of an image that Raycam decodes, or undefined. */
export function imageKind(bytes: Uint8Array): ImageKind | undefined {
  if (isBmp(bytes)) return 'BMP';
  const found = DECODED.find(([, ...alternatives]) => matchesAny(bytes, alternatives));
  if (found === undefined) return undefined;
  // Two letters are a weak sign: white space or a comment must follow those of a Netpbm file.
  const [kind] = found;
  return kind.startsWith('P') && kind !== 'PNG' && !/[\s#]/.test(String.fromCharCode(bytes[2] ?? 0)) ? undefined : kind;
}

/** Returns whether a kind is one of Netpbm's. */
export function isNetpbm(kind: ImageKind | undefined): kind is 'PBM' | 'PGM' | 'PPM' {
  return kind === 'PBM' || kind === 'PGM' || kind === 'PPM';
}

/** Returns whether the bytes contain all parts of one of the alternatives. */
export function matchesAny(bytes: Uint8Array, alternatives: readonly (readonly Signature[])[]): boolean {
  return alternatives.some(parts => parts.every(part => matches(bytes, part)));
}

function matches(bytes: Uint8Array, { offset, bytes: expected }: Signature): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[offset + i] !== expected.charCodeAt(i)) return false;
  return true;
}

/** `BM`, followed by a header whose size is one of those that exist. */
function isBmp(bytes: Uint8Array): boolean {
  return matches(bytes, at(0, 'BM')) && [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes[14] ?? 0) && bytes[15] === 0;
}
