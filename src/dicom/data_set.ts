/** Reads the data elements of a DICOM file up to its pixels, with the package dicom-parser. */

import type { ByteArrayParser, Element } from 'dicom-parser';
import * as parserModule from 'dicom-parser';
import { InputError } from '../errors/index.ts';
import type { DicomStart } from './detect.ts';
import { type TransferSyntax, transferSyntax, unnamedSyntax } from './transfer_syntax.ts';
import type { DicomHost } from './types.ts';

/** Node sees the package, which is CommonJS, as a default export; bundlers see its names. */
const dicomParser = (parserModule as { default?: typeof parserModule }).default ?? parserModule;

/** The element that contains the pixels. */
export interface PixelElement {
  /** `pixels`, or kinds that are not an image of grey values or colours. */
  readonly kind: 'pixels' | 'float';
  readonly vr: string;
  /** Offset of its value in `bytes`. */
  readonly offset: number;
  /** Undefined for encapsulated fragments. */
  readonly length: number | undefined;
}

export interface DataSet {
  readonly elements: Elements;
  readonly syntax: TransferSyntax;
  /** The bytes that offsets refer to: those of the file, or the inflated ones. */
  readonly bytes: Uint8Array;
  readonly pixels: PixelElement | undefined;
}

/** How much of a deflated file is inflated to read its header. */
const DEFLATED_HEADER_BYTES = 4e6;
/** 100 megapixels of 16 bits. */
const MAX_INFLATED_BYTES = 200e6;
/** Elements before the pixels. Real files have some hundred; enhanced ones of many frames have more, in sequences. */
const MAX_ELEMENTS = 100_000;
/** The group of the pixels. */
const PIXEL_GROUP = 0x7fe0;
/** Larger images are refused, as those of other formats are. */
export const MAX_PIXELS = 100e6;
const UNDEFINED_LENGTH = 0xffffffff;

/**
 * Reads a file's elements.
 *
 * @throws InputError  the file is damaged, ends before its pixels, or is of a kind that is not read
 */
export async function readDataSet(
  file: Uint8Array,
  start: DicomStart,
  { name, host }: { readonly name: string; readonly host: DicomHost },
): Promise<DataSet> {
  const meta = start.hasMeta ? readMeta(file, start.offset) : undefined;
  if (start.hasMeta && meta === undefined) throw damaged(name, 'its header is not one of DICOM');
  const offset = meta?.end ?? start.offset;
  const guessed = guessSyntax(file, offset, start);
  const stated = meta?.uid === undefined ? guessed : transferSyntax(meta.uid);
  // Some writers store elements without value representations, although the transfer syntax has them.
  const isExplicit = stated.isDeflated || stated.isBigEndian ? stated.isExplicit : guessed.isExplicit;
  const syntax = { ...stated, isExplicit };
  if (!syntax.isDeflated) return parse(file, offset, { syntax, name, isWhole: true });
  const deflated = file.subarray(offset);
  const inflate = async (most: number) => {
    try {
      return await host.inflateAtMost(deflated, most);
    } catch {
      throw damaged(name, 'its compressed data cannot be inflated');
    }
  };
  const header = await inflate(DEFLATED_HEADER_BYTES);
  const isWhole = header.length < DEFLATED_HEADER_BYTES;
  const found = parse(header, 0, { syntax, name, isWhole });
  if (isWhole || found.pixels?.length === undefined) return found;
  // Nothing is inflated for an image that is too large, which is refused by its header.
  const most = found.pixels.offset + Math.min(found.elements.frameBytes(), MAX_INFLATED_BYTES);
  return { ...found, bytes: most > header.length ? await inflate(most) : header };
}

/** Reads group 0002, which is always explicit little endian. */
function readMeta(
  file: Uint8Array,
  offset: number,
): { readonly uid: string | undefined; readonly end: number } | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  let at = offset;
  let uid: string | undefined;
  while (at + 8 <= file.length && view.getUint16(at, true) === 2) {
    const element = view.getUint16(at + 2, true);
    const isLong = /OB|OW|UN|SQ|UT/.test(String.fromCharCode(file[at + 4]!, file[at + 5]!));
    if (isLong && at + 12 > file.length) return undefined;
    const value = at + (isLong ? 12 : 8);
    const length = isLong ? view.getUint32(at + 8, true) : view.getUint16(at + 6, true);
    if (value + length > file.length) return undefined;
    if (element === 0x10) uid = textOf(file.subarray(value, value + length));
    at = value + length;
  }
  return at === offset ? undefined : { uid, end: at };
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 256))
    .replace(/\0.*$/s, '')
    .trim();
}

/** Chooses the syntax of a file that does not name it, by whether its first element has a value representation. */
function guessSyntax(file: Uint8Array, offset: number, start: DicomStart): TransferSyntax {
  if (!start.hasMeta) return unnamedSyntax(start.isExplicit, start.isBigEndian);
  return unnamedSyntax(/^[A-Z]{2}$/.test(String.fromCharCode(file[offset + 4] ?? 0, file[offset + 5] ?? 0)), false);
}

interface ParseOptions {
  readonly syntax: TransferSyntax;
  readonly name: string;
  /** Whether `bytes` are all there are. */
  readonly isWhole: boolean;
}

function parse(bytes: Uint8Array, offset: number, { syntax, name, isWhole }: ParseOptions): DataSet {
  const parser = syntax.isBigEndian ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  const found: Record<string, Element> = {};
  const elements = new Elements(found, bytes, parser);
  let pixels: PixelElement | undefined;
  try {
    const stream = new dicomParser.ByteStream(parser, bytes, offset);
    for (let count = 0; stream.position + 8 <= bytes.length; count++) {
      const group = parser.readUint16(bytes, stream.position);
      if (group >= PIXEL_GROUP) {
        pixels = readPixelElements(bytes, stream.position, { syntax, parser });
        break;
      }
      if (count === MAX_ELEMENTS) throw new Error('it has too many elements');
      const before = stream.position;
      const element = syntax.isExplicit
        ? dicomParser.readDicomElementExplicit(stream, [])
        : dicomParser.readDicomElementImplicit(stream);
      if (!(stream.position > before)) throw new Error('an element has no end');
      found[element.tag] = element;
    }
  } catch {
    // The parser's own errors are not repeated: some contain the data set, hence the patient's name.
    if (!isWhole) throw damaged(name, 'its header has more than 4 MB');
    throw new InputError(
      `${name}: is damaged or ends early (its DICOM elements cannot be read to the pixels, ${bytes.length} bytes). Download or copy it again`,
    );
  }
  return { elements, syntax, bytes, pixels };
}

/** Reads the headers of the elements of group 7FE0. The extended offset table comes before the pixels. */
function readPixelElements(
  bytes: Uint8Array,
  start: number,
  { syntax, parser }: { readonly syntax: TransferSyntax; readonly parser: ByteArrayParser },
): PixelElement | undefined {
  for (let at = start; at + 8 <= bytes.length; ) {
    const [group, element] = [parser.readUint16(bytes, at), parser.readUint16(bytes, at + 2)];
    if (group !== PIXEL_GROUP) return undefined;
    const vr = syntax.isExplicit ? String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!) : 'OW';
    const isLong = !syntax.isExplicit || /^(O[BWFDLV]|UN|UC|UR|UT|SV|UV|SQ)$/.test(vr);
    const lengthAt = syntax.isExplicit && isLong ? at + 8 : at + 4;
    const length = isLong ? parser.readUint32(bytes, lengthAt) : parser.readUint16(bytes, at + 6);
    const offset = isLong ? lengthAt + 4 : at + 8;
    const isUndefined = length === UNDEFINED_LENGTH;
    const kind = element === 0x10 ? 'pixels' : element === 8 || element === 9 ? 'float' : undefined;
    if (kind !== undefined) return { kind, vr, offset, length: isUndefined ? undefined : length };
    if (isUndefined) return undefined;
    at = offset + length;
  }
  return undefined;
}

function damaged(name: string, what: string): InputError {
  return new InputError(`${name}: is damaged (${what}). Download or copy it again`);
}

/** Typed access to data elements. Tags are written as dicom-parser does: `x00280010`. */
export class Elements {
  constructor(
    private readonly found: Readonly<Record<string, Element>>,
    private readonly bytes: Uint8Array,
    private readonly parser: ByteArrayParser,
  ) {}

  /** Returns whether an element exists and has a value. */
  has(tag: string): boolean {
    const element = this.found[tag];
    return element !== undefined && element.length !== 0;
  }

  /** Returns the value representation that the file states; undefined if it states none. */
  vr(tag: string): string | undefined {
    return this.found[tag]?.vr;
  }

  /** Returns the n-th 16-bit number of an element, or undefined. */
  uint16(tag: string, index = 0): number | undefined {
    const value = this.value(tag);
    return value && value.length >= 2 * index + 2 ? this.parser.readUint16(value, 2 * index) : undefined;
  }

  /** Returns the value of an element as 16-bit numbers. */
  uint16s(tag: string): Uint16Array {
    const value = this.value(tag) ?? new Uint8Array(0);
    return Uint16Array.from({ length: value.length >> 1 }, (_, i) => this.parser.readUint16(value, 2 * i));
  }

  /** Returns a text, without padding; '' if there is none. Callers compare it and never show it. */
  text(tag: string): string {
    const value = this.value(tag);
    return value === undefined ? '' : textOf(value).toUpperCase();
  }

  /** Returns the numbers of an element that is written as text and separated by `\`. */
  numbers(tag: string): number[] {
    const text = this.text(tag);
    return text === '' ? [] : text.split('\\').map(part => (part.trim() === '' ? Number.NaN : Number(part)));
  }

  /** Returns item n of a sequence, or undefined. */
  item(tag: string, index = 0): Elements | undefined {
    const elements = this.found[tag]?.items?.[index]?.dataSet?.elements;
    return elements === undefined ? undefined : new Elements(elements, this.bytes, this.parser);
  }

  /** Returns the bytes of all frames, stored plainly; 0 if the file does not say how many, or the image is too large. */
  frameBytes(): number {
    const [rows = 0, columns = 0] = [this.uint16('x00280010'), this.uint16('x00280011')];
    const [samples = 1, bits = 0] = [this.uint16('x00280002'), this.uint16('x00280100')];
    const frames = this.numbers('x00280008')[0] ?? 1;
    const bytes = Math.ceil((rows * columns * samples * bits * frames) / 8);
    return rows * columns <= MAX_PIXELS && bytes > 0 ? bytes : 0;
  }

  private value(tag: string): Uint8Array | undefined {
    const element = this.found[tag];
    if (element === undefined || element.items !== undefined || element.length === 0) return undefined;
    const end = element.dataOffset + element.length;
    return end <= this.bytes.length ? this.bytes.subarray(element.dataOffset, end) : undefined;
  }
}
