/** Writes small DICOM files. */
import { deflateRawSync } from 'node:zlib';

const ROOT = '1.2.840.10008.1.2';
export const SYNTAX = {
  implicit: ROOT,
  explicit: `${ROOT}.1`,
  deflated: `${ROOT}.1.99`,
  big: `${ROOT}.2`,
  rle: `${ROOT}.5`,
  baseline: `${ROOT}.4.50`,
  extended: `${ROOT}.4.51`,
  lossless: `${ROOT}.4.70`,
  losslessAny: `${ROOT}.4.57`,
  jpegLs: `${ROOT}.4.80`,
  jpeg2000: `${ROOT}.4.90`,
} as const;

/** A value of an element: numbers by their VR, text, bytes, or the items of a sequence. */
export type Value = string | number | readonly number[] | Uint8Array | readonly (readonly Element[])[];
export type Element = readonly [tag: number, vr: string, value: Value];

interface Writing {
  readonly isExplicit: boolean;
  readonly isBig: boolean;
}

const LONG = new Set(['OB', 'OW', 'OF', 'SQ', 'UN', 'UT']);

function uint(value: number, size: 2 | 4, isBig: boolean): Buffer {
  const bytes = Buffer.alloc(size);
  if (isBig) bytes.writeUIntBE(value >>> 0, 0, size);
  else bytes.writeUIntLE(value >>> 0, 0, size);
  return bytes;
}

function valueBytes(vr: string, value: Value, writing: Writing): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value.length % 2 === 1 ? [...value, 0] : value);
  if (vr === 'SQ') {
    const items = (value as readonly (readonly Element[])[]).map(elements => {
      const body = Buffer.concat(elements.map(element => elementBytes(element, writing)));
      return Buffer.concat([tagBytes(0xfffee000, writing), uint(body.length, 4, writing.isBig), body]);
    });
    return Buffer.concat(items);
  }
  if (typeof value === 'string') {
    const pad = vr === 'UI' ? '\0' : ' ';
    return Buffer.from(value.length % 2 === 1 ? value + pad : value, 'latin1');
  }
  const numbers = (Array.isArray(value) ? value : [value]) as number[];
  return Buffer.concat(
    numbers.map(number => uint(number & (vr === 'UL' ? -1 : 65535), vr === 'UL' ? 4 : 2, writing.isBig)),
  );
}

function tagBytes(tag: number, { isBig }: Writing): Buffer {
  return Buffer.concat([uint(tag >>> 16, 2, isBig), uint(tag & 65535, 2, isBig)]);
}

function elementBytes([tag, vr, value]: Element, writing: Writing, length?: number): Buffer {
  const body = valueBytes(vr, value, writing);
  const size = length ?? body.length;
  const { isExplicit, isBig } = writing;
  if (!isExplicit) return Buffer.concat([tagBytes(tag, writing), uint(size, 4, isBig), body]);
  const head = [tagBytes(tag, writing), Buffer.from(vr)];
  const sizes = LONG.has(vr) ? [Buffer.alloc(2), uint(size, 4, isBig)] : [uint(size, 2, isBig)];
  return Buffer.concat([...head, ...sizes, body]);
}

const EXPLICIT: Writing = { isExplicit: true, isBig: false };

export interface Written {
  readonly syntax?: string;
  readonly rows?: number;
  readonly columns?: number;
  readonly samples?: number;
  readonly photometric?: string;
  /** Bits allocated, stored, and the high bit. */
  readonly bits?: readonly [number, number, number?];
  readonly isSigned?: boolean;
  /** Samples of 8 or 16 bits in the file's order; or fragments. */
  readonly pixels?: Uint8Array | Uint16Array | Int16Array | readonly Uint8Array[];
  readonly pixelVr?: string;
  readonly frames?: number;
  readonly elements?: readonly Element[];
  readonly modality?: string;
  readonly start?: 'preamble' | 'meta' | 'data';
}

/** Writes a file. By default a 4 x 2 image of 8 bits, of a chest, by a DX detector. */
export function dicomFile(options: Written): Uint8Array {
  const { syntax = SYNTAX.explicit, start = 'preamble' } = options;
  const writing = { isExplicit: syntax !== SYNTAX.implicit, isBig: syntax === SYNTAX.big };
  const elements = [...imageElements(options), ...(options.elements ?? [])].sort(([a], [b]) => a - b);
  const before = Buffer.concat(elements.map(element => elementBytes(element, writing)));
  const data = Buffer.concat([before, pixelBytes(options, writing)]);
  const body = syntax === SYNTAX.deflated ? deflateRawSync(data) : data;
  if (start === 'data') return new Uint8Array(body);
  const uid = elementBytes([0x00020010, 'UI', syntax], EXPLICIT);
  const meta = Buffer.concat([elementBytes([0x00020000, 'UL', uid.length], EXPLICIT), uid]);
  const preamble = start === 'meta' ? Buffer.alloc(0) : Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);
  return new Uint8Array(Buffer.concat([preamble, meta, body]));
}

function imageElements(options: Written): Element[] {
  const { rows = 2, columns = 4, samples = 1, photometric = 'MONOCHROME2', bits = [8, 8] } = options;
  const { isSigned = false, frames = 1, modality = 'DX' } = options;
  return [
    [0x00080005, 'CS', 'ISO_IR 100'],
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1.1'],
    [0x00080060, 'CS', modality],
    [0x00180015, 'CS', 'CHEST'],
    [0x00280002, 'US', samples],
    [0x00280004, 'CS', photometric],
    ...(frames > 1 ? [[0x00280008, 'IS', String(frames)] as const] : []),
    [0x00280010, 'US', rows],
    [0x00280011, 'US', columns],
    [0x00280100, 'US', bits[0]],
    [0x00280101, 'US', bits[1]],
    [0x00280102, 'US', bits[2] ?? bits[1] - 1],
    [0x00280103, 'US', isSigned ? 1 : 0],
  ];
}

function pixelBytes({ pixels, pixelVr }: Written, writing: Writing): Buffer {
  if (pixels === undefined) return Buffer.alloc(0);
  if (Array.isArray(pixels)) {
    const fragments = [new Uint8Array(0), ...(pixels as Uint8Array[])].map(bytes => {
      const body = valueBytes('OB', bytes, writing);
      return Buffer.concat([tagBytes(0xfffee000, writing), uint(body.length, 4, false), body]);
    });
    const end = Buffer.concat([tagBytes(0xfffee0dd, writing), Buffer.alloc(4)]);
    const value = Buffer.concat([...fragments, end]);
    return elementBytes([0x7fe00010, 'OB', new Uint8Array(value)], EXPLICIT, 0xffffffff);
  }
  const plain = pixels as Uint8Array | Uint16Array;
  const isWords = plain.BYTES_PER_ELEMENT === 2;
  const value = isWords ? valueBytes('OW', [...plain], writing) : Buffer.from(plain);
  return elementBytes([0x7fe00010, pixelVr ?? (isWords ? 'OW' : 'OB'), new Uint8Array(value)], writing);
}

/** Compresses bytes as DICOM's RLE: each segment in literal runs and repeats. */
export function rleFrame(segments: readonly Uint8Array[]): Uint8Array {
  const packed = segments.map(packBits);
  const header = Buffer.alloc(64);
  header.writeUInt32LE(segments.length, 0);
  let at = 64;
  packed.forEach((bytes, i) => {
    header.writeUInt32LE(at, 4 + 4 * i);
    at += bytes.length;
  });
  return new Uint8Array(Buffer.concat([header, ...packed]));
}

function packBits(bytes: Uint8Array): Buffer {
  const packed: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    let run = 1;
    while (run < 128 && bytes[i + run] === bytes[i]) run++;
    if (run > 2) packed.push(257 - run, bytes[i]!);
    else packed.push(run - 1, ...bytes.subarray(i, i + run));
    i += run;
  }
  return Buffer.from(packed.length % 2 === 1 ? [...packed, 128] : packed);
}

/**
 * Writes a lossless JPEG file (process 14, predictor 1) of one channel. Every category of differences has a code of the
 * same length, 5 bits.
 */
export function losslessJpeg(
  values: ArrayLike<number>,
  { width, height, bits }: { width: number; height: number; bits: number },
): Uint8Array {
  const codes = Array.from({ length: 17 }, (_, i) => i);
  const header = [
    [0xff, 0xd8],
    [0xff, 0xc3, 0, 11, bits, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0],
    [0xff, 0xc4, 0, 19 + 17, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...codes],
    [0xff, 0xda, 0, 8, 1, 1, 0, 1, 0, 0],
  ].flat();
  let text = '';
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const prediction = x > 0 ? values[i - 1]! : y > 0 ? values[i - width]! : 2 ** (bits - 1);
    const difference = values[i]! - prediction;
    const category = 32 - Math.clz32(Math.abs(difference));
    text += category.toString(2).padStart(5, '0');
    if (category > 0)
      text += (difference > 0 ? difference : difference + 2 ** category - 1).toString(2).padStart(category, '0');
  }
  const scan: number[] = [];
  for (let i = 0; i < text.length; i += 8) {
    const byte = Number.parseInt(text.slice(i, i + 8).padEnd(8, '1'), 2);
    scan.push(byte, ...(byte === 255 ? [0] : []));
  }
  return Uint8Array.from([...header, ...scan, 0xff, 0xd9]);
}
