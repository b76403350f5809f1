/** Turns stored grey samples into 8-bit grey: modality, then values of interest. Source: DICOM PS3.3 C.11.1, C.11.2 */
import type { Elements } from './data_set.ts';
import type { ImageHeader } from './image_header.ts';
import { bitsInUse, type Lookup, lookUp, readLookup } from './lookup.ts';
import type { StoredFrame } from './stored_frame.ts';

/** Grey pixels, and how they were made. */
export interface GreyImage {
  /** [height, width], 0 is black */
  readonly grey: Uint8Array;
  readonly bitsUsed: number;
  readonly details: Readonly<Record<string, string | number>>;
  readonly notes: readonly string[];
}

/** Maps a modality value to 0 (dark) … 1. */
interface Mapping {
  readonly fraction: (value: number) => number;
  readonly details: Readonly<Record<string, string | number>>;
  readonly notes: readonly string[];
  readonly bitsUsed?: number;
}

/** Depths that detectors use. Samples that fit into one of them are taken to have it, as those of other formats are. */
const USUAL_BITS = [8, 10, 12, 14];

/** Samples of at most this many bits are converted by a table. */
const TABLE_BITS = 16;

/** Converts a frame. `groups` are the places of transformations: those of the frame, those of all frames, the file. */
export function greyImage(frame: StoredFrame, header: ImageHeader, groups: readonly Elements[]): GreyImage {
  const { bits } = frame;
  const top = 2 ** bits;
  const toValue = header.isSigned ? (raw: number) => (raw >= top / 2 ? raw - top : raw) : (raw: number) => raw;
  const raws = dropOtherBits(frame);
  const levels = bits <= TABLE_BITS ? levelsOf(raws, top) : raws;
  const padding = paddingOf(groups.at(-1)!, header.isSigned, top);
  const used = extent(levels, raw => (padding(toValue(raw)) ? undefined : toValue(raw)));
  const modality = readModality(groups, header.isSigned);
  const mapping = readWindow(groups, { modality, used, bits, header });
  const isInverted = header.photometric === 'MONOCHROME1';
  const toByte = (raw: number) => {
    const value = toValue(raw);
    const byte = Math.round(255 * Math.min(Math.max(mapping.fraction(modality.apply(value)), 0), 1));
    return padding(value) ? 0 : isInverted ? 255 - byte : byte;
  };
  const grey = bits <= TABLE_BITS ? convertByTable(raws, { levels, top, toByte }) : Uint8Array.from(raws, toByte);
  const hasPadding = levels.some(raw => padding(toValue(raw)));
  const notes = hasPadding ? ['has pixels of its padding value, which are black'] : [];
  return {
    grey,
    bitsUsed: mapping.bitsUsed ?? bits,
    details: { ...modality.details, ...mapping.details },
    notes: [...mapping.notes, ...notes],
  };
}

type RawValues = StoredFrame['values'];

/** Removes the bits above and below the stored ones from samples, in place. */
function dropOtherBits({ values, shift, bits }: StoredFrame): RawValues {
  if (bits === 8 * values.BYTES_PER_ELEMENT) return values;
  const mask = 2 ** bits - 1;
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! >>> shift) & mask;
  return values;
}

/** Returns the distinct values below `top`, in order. */
function levelsOf(raws: RawValues, top: number): RawValues {
  const isPresent = new Uint8Array(top);
  for (let i = 0; i < raws.length; i++) isPresent[raws[i]!] = 1;
  return Uint32Array.from({ length: top }, (_, raw) => raw).filter(raw => isPresent[raw] === 1);
}

interface ByTable {
  readonly levels: RawValues;
  readonly top: number;
  readonly toByte: (raw: number) => number;
}

function convertByTable(raws: RawValues, { levels, top, toByte }: ByTable): Uint8Array {
  const table = new Uint8Array(top);
  for (const raw of levels) table[raw] = toByte(raw);
  const grey = new Uint8Array(raws.length);
  for (let i = 0; i < grey.length; i++) grey[i] = table[raws[i]!]!;
  return grey;
}

/** Returns whether a stored value is padding. Source: DICOM PS3.3 C.7.5.1.1.2 */
function paddingOf(elements: Elements, isSigned: boolean, top: number): (value: number) => boolean {
  const read = (tag: string) => {
    const raw = elements.uint16(tag);
    if (raw === undefined || top > 65536) return undefined;
    // Padding may lie outside of the stored bits; then no pixel has it.
    return isSigned && raw > 32767 ? raw - 65536 : raw;
  };
  const value = read('x00280120');
  if (value === undefined) return () => false;
  const limit = read('x00280121') ?? value;
  const [least, most] = [Math.min(value, limit), Math.max(value, limit)];
  return sample => sample >= least && sample <= most;
}

/** Returns the least and the greatest value, without padding; [0, 0] if all pixels are. */
function extent(levels: RawValues, sampleOf: (raw: number) => number | undefined): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const raw of levels) {
    const value = sampleOf(raw);
    if (value === undefined) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least > most ? [0, 0] : [least, most];
}

interface Modality {
  readonly apply: (value: number) => number;
  readonly details: Readonly<Record<string, string | number>>;
  readonly lookup?: Lookup;
}

/** Finds a sequence's first item in the first group that has it. */
function firstItem(groups: readonly Elements[], tag: string): Elements | undefined {
  return groups.map(group => group.item(tag)).find(item => item !== undefined);
}

const LUT = { descriptor: 'x00283002', data: 'x00283006' };

function readModality(groups: readonly Elements[], isSigned: boolean): Modality {
  const item = firstItem(groups, 'x00283000');
  const lookup = item && readLookup(item, LUT, isSigned);
  if (lookup !== undefined) {
    return { apply: value => lookUp(lookup, value), details: { modality: 'lookup table' }, lookup };
  }
  const place = groups.find(group => group.has('x00281053') || group.has('x00281052'));
  const [slope = 1] = place?.numbers('x00281053') ?? [];
  const [intercept = 0] = place?.numbers('x00281052') ?? [];
  const isUsable = Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept);
  if (!isUsable || (slope === 1 && intercept === 0)) return { apply: value => value, details: {} };
  return { apply: value => value * slope + intercept, details: { slope, intercept } };
}

interface WindowContext {
  readonly modality: Modality;
  /** The least and greatest stored value. */
  readonly used: readonly [number, number];
  readonly bits: number;
  readonly header: ImageHeader;
}

/** Chooses the mapping: the VOI LUT, otherwise the first window, otherwise the full range. */
function readWindow(groups: readonly Elements[], context: WindowContext): Mapping {
  const item = firstItem(groups, 'x00283010');
  // Inputs of a VOI LUT are modality values, which are signed if a rescale makes them so.
  const lookup = item && readLookup(item, LUT, context.modality.lookup === undefined && context.header.isSigned);
  if (lookup !== undefined) {
    const bits = bitsInUse(lookup);
    return {
      fraction: value => lookUp(lookup, value) / (2 ** bits - 1),
      details: { window: 'lookup table' },
      notes: bits === lookup.bits ? [] : [`has a lookup table of ${bits} bits, not ${lookup.bits} as it says`],
    };
  }
  const place = groups.find(group => group.has('x00281050') && group.has('x00281051'));
  if (place === undefined) return fullRange(context);
  const [center = Number.NaN, width = Number.NaN] = [place.numbers('x00281050')[0], place.numbers('x00281051')[0]];
  const stated = place.text('x00281056');
  const kind = stated === 'SIGMOID' || stated === 'LINEAR_EXACT' ? stated : 'LINEAR';
  if (
    !Number.isFinite(center) ||
    !(width > 0) ||
    width === Number.POSITIVE_INFINITY ||
    (kind === 'LINEAR' && width < 1)
  ) {
    const range = fullRange(context);
    return { ...range, notes: [...range.notes, 'has a window that is not valid, which was ignored'] };
  }
  const details = {
    'window centre': center,
    'window width': width,
    'window function': kind.toLowerCase().replace('_', ' '),
  };
  return { fraction: windowFunction(kind, center, width), details, notes: [] };
}

/** Source: DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3 */
function windowFunction(kind: 'SIGMOID' | 'LINEAR_EXACT' | 'LINEAR', center: number, width: number) {
  if (kind === 'SIGMOID') return (value: number) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
  if (kind === 'LINEAR_EXACT') return (value: number) => (value - center) / width + 0.5;
  if (width === 1) return (value: number) => (value <= center - 0.5 ? 0 : 1);
  return (value: number) => (value - (center - 0.5)) / (width - 1) + 0.5;
}

/**
 * The range of the values: that of the table's entries; of signed samples, from the least to the greatest; of unsigned
 * ones, the bits that the file states, or the fewest usual bits into which all fit if it states no fewer than it stores.
 */
function fullRange({ modality, used, bits, header }: WindowContext): Mapping {
  if (modality.lookup !== undefined) {
    const most = 2 ** bitsInUse(modality.lookup) - 1;
    return { fraction: value => value / most, details: { black: 0, white: most }, notes: [] };
  }
  const isStated = header.isSigned || header.bitsStored < header.bitsAllocated;
  const bitsUsed = isStated ? bits : (USUAL_BITS.find(usual => usual < bits && used[1] < 2 ** usual) ?? bits);
  const ends = header.isSigned ? used : [0, 2 ** bitsUsed - 1];
  const [a, b] = ends.map(modality.apply) as [number, number];
  const [black, white] = [Math.min(a, b), Math.max(a, b)];
  const notes = header.isSigned
    ? ['has no window, and was read from its least to its greatest value']
    : bitsUsed === bits
      ? []
      : [`was read as ${bitsUsed} of ${bits} bits, because no sample needs more`];
  const range = white - black || 1;
  return { fraction: value => (value - black) / range, details: { black, white }, notes, bitsUsed };
}
