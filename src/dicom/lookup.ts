/** Lookup tables: modality LUT, VOI LUT and palettes. Source: DICOM PS3.3 C.11.1, C.11.2, C.7.6.3.1.5 */
import type { Elements } from './data_set.ts';

export interface Lookup {
  /** The input of the first entry; smaller inputs get it, too. */
  readonly first: number;
  readonly entries: Uint16Array;
  /** Bits of an entry. */
  readonly bits: number;
}

/** Depths into which entries of fewer bits than stated fit. */
const USUAL_BITS = [8, 10, 12, 14];

/**
 * Reads a lookup table, or returns undefined if it is not usable.
 *
 * isSigned   whether inputs are, for files that do not say so
 */
export function readLookup(
  elements: Elements,
  { descriptor, data }: { readonly descriptor: string; readonly data: string },
  isSigned: boolean,
): Lookup | undefined {
  const [stated, first, bits] = [0, 1, 2].map(i => elements.uint16(descriptor, i));
  const words = elements.uint16s(data);
  if (stated === undefined || first === undefined || bits === undefined || bits < 1 || bits > 16) return undefined;
  const count = stated === 0 ? 65536 : stated;
  const entries = words.length >= count ? words.subarray(0, count) : entriesOfBytes(words, count);
  const vr = elements.vr(descriptor);
  const signed = vr === 'SS' || (vr === undefined && isSigned);
  return entries && { first: signed && first > 32767 ? first - 65536 : first, entries, bits };
}

/** Entries of 8 bits may be stored two in a word. */
function entriesOfBytes(words: Uint16Array, count: number): Uint16Array | undefined {
  if (words.length * 2 < count) return undefined;
  return Uint16Array.from({ length: count }, (_, i) => (i % 2 === 0 ? words[i >> 1]! & 255 : words[i >> 1]! >> 8));
}

/** Returns the entry for an input. */
export function lookUp({ first, entries }: Lookup, input: number): number {
  const at = Math.min(Math.max(Math.round(input) - first, 0), entries.length - 1);
  return entries[at]!;
}

/** Returns the bits that entries need: those stated, or fewer if all entries fit into a usual depth below. */
export function bitsInUse({ entries, bits }: Lookup): number {
  const greatest = entries.reduce((most, entry) => Math.max(most, entry), 0);
  const stated = Math.max(bits, 32 - Math.clz32(greatest));
  return USUAL_BITS.find(usual => usual < stated && greatest < 2 ** usual) ?? stated;
}
