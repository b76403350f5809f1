/** Reads Netpbm files: PBM, PGM and PPM, as text or binary. Source: the specifications of Netpbm, pbm(5), pgm(5), ppm(5) */
import { checkPixels } from './limits.ts';
import type { Samples } from './samples.ts';

const [SPACE, HASH, NEWLINE] = [0x20, 0x23, 0x0a];

/**
 * Reads the first image of a Netpbm file.
 *
 * returns  samples as stored, with `statedBits` from the file's maximum
 *
 * @throws InputError  it is too large
 * @throws Error       it is damaged
 */
export function readNetpbm(bytes: Uint8Array, name: string): Samples {
  const type = bytes[1]! - 0x30;
  const [isText, isBitmap] = [type <= 3, type === 1 || type === 4];
  const channels = type === 3 || type === 6 ? 3 : 1;
  const reader = new Reader(bytes);
  const [width, height] = [reader.number(), reader.number()];
  const maximum = isBitmap ? 1 : reader.number();
  if (maximum < 1 || maximum > 65535) throw new Error(`its largest sample is ${maximum}`);
  checkPixels({ width, height }, bytes.length, name);
  const count = width * height * channels;
  const read = isText ? textSamples : isBitmap ? bitmapSamples : binarySamples;
  const values = read(reader, { count, width, maximum });
  const bits = isBitmap ? 1 : maximum < 256 ? 8 : 16;
  if (bits === 16 || maximum === 2 ** bits - 1) {
    return {
      width,
      height,
      channels,
      values,
      bits,
      isFloat: false,
      statedBits: Math.ceil(Math.log2(maximum + 1)),
      whiteIsZero: isBitmap,
    };
  }
  return {
    width,
    height,
    channels,
    values: values.map(value => Math.round((value * 255) / maximum)),
    bits,
    isFloat: false,
  };
}

class Reader {
  private at = 2;

  constructor(readonly bytes: Uint8Array) {}

  /** Reads a decimal number after white space and comments, and one character of white space behind it. */
  number(): number {
    this.skipSpace();
    let [value, digits] = [0, 0];
    for (let byte = this.peek(); byte >= 0x30 && byte <= 0x39; byte = this.peek()) {
      value = value * 10 + byte - 0x30;
      digits++;
      this.at++;
    }
    if (digits === 0 || value > Number.MAX_SAFE_INTEGER) throw new Error(`a number is missing at byte ${this.at}`);
    this.at++;
    return value;
  }

  /** Reads one digit after white space: in a text bitmap, digits need no separator. */
  digit(): number {
    this.skipSpace();
    const value = this.peek() - 0x30;
    if (value !== 0 && value !== 1) throw new Error(`a pixel is missing at byte ${this.at}`);
    this.at++;
    return value;
  }

  take(length: number): Uint8Array {
    const taken = this.bytes.subarray(this.at, this.at + length);
    if (taken.length < length) throw new Error(`it ends early (${this.bytes.length} of ${this.at + length} bytes)`);
    this.at += length;
    return taken;
  }

  private peek(): number {
    return this.bytes[this.at] ?? -1;
  }

  private skipSpace(): void {
    for (;;) {
      const byte = this.peek();
      if (byte === HASH) while (this.peek() >= 0 && this.peek() !== NEWLINE) this.at++;
      else if (byte === SPACE || (byte >= 9 && byte <= 13)) this.at++;
      else return;
    }
  }
}

interface Layout {
  readonly count: number;
  readonly width: number;
  readonly maximum: number;
}

function textSamples(reader: Reader, { count, maximum }: Layout): Uint8Array | Uint16Array {
  // A sample takes at least one byte, so a file that is too short is refused before its samples are allocated.
  if (count > reader.bytes.length) throw new Error(`it ends early (${count} samples in ${reader.bytes.length} bytes)`);
  const values = maximum < 256 ? new Uint8Array(count) : new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const value = maximum === 1 ? reader.digit() : reader.number();
    if (value > maximum) throw new Error(`a sample of ${value} exceeds the maximum of ${maximum}`);
    values[i] = value;
  }
  return values;
}

/** Eight pixels are packed into a byte, and rows begin with a byte. */
function bitmapSamples(reader: Reader, { count, width }: Layout): Uint8Array {
  const rowBytes = Math.ceil(width / 8);
  const packed = reader.take(rowBytes * (count / width));
  const values = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const x = i % width;
    values[i] = (packed[((i - x) / width) * rowBytes + (x >> 3)]! >> (7 - (x & 7))) & 1;
  }
  return values;
}

/** Samples of two bytes are big-endian. */
function binarySamples(reader: Reader, { count, maximum }: Layout): Uint8Array | Uint16Array {
  if (maximum < 256) return reader.take(count).slice();
  const packed = reader.take(2 * count);
  return Uint16Array.from({ length: count }, (_, i) => (packed[2 * i]! << 8) | packed[2 * i + 1]!);
}
