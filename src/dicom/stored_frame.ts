/** Decodes one frame to its stored samples. */

import { type Codestream, readCodestream, withColourSegment } from './codestream.ts';
import type { DataSet } from './data_set.ts';
import { compressedFrame, FrameError, plainFrame } from './frames.ts';
import type { ImageHeader } from './image_header.ts';
import { decodeRle } from './rle.ts';
import type { Codec, CodecFrame, DicomHost } from './types.ts';

/** Samples as stored, and whether the codec has already converted them to RGB. */
export interface StoredFrame {
  /** [height, width, channels], or [channels, height, width] if `isPlanar` */
  readonly values: Uint8Array | Uint16Array | Uint32Array;
  readonly isPlanar: boolean;
  readonly isRgb: boolean;
  /** Position of a sample's lowest bit in `values`. */
  readonly shift: number;
  /** Bits of a sample; those above them have no meaning. */
  readonly bits: number;
}

/** A frame that is intact, of a kind that Raycam does not read. The message has no file name yet. */
export class UnsupportedFrame extends Error {}

/** X-rays have at most 30 pixels per byte; above this ratio, a large image is a decompression bomb. */
const MAX_PIXELS_PER_BYTE = 200;
const UNSUSPICIOUS_PIXELS = 4e6;

/** @throws FrameError | UnsupportedFrame  */
export async function readFrame(file: DataSet, header: ImageHeader, host: DicomHost): Promise<StoredFrame> {
  const { compression, channels, bitsAllocated, bitsStored, shift } = header;
  if (compression === 'none') return readPlain(file, header);
  const bytes = compressedFrame(file, header);
  const pixels = header.width * header.height;
  if (pixels > UNSUSPICIOUS_PIXELS && pixels > bytes.length * MAX_PIXELS_PER_BYTE) {
    throw new FrameError(`${bytes.length} bytes are too few for ${header.width} x ${header.height} pixels`);
  }
  if (compression === 'rle') {
    return { ...decodeRle(bytes, header), isRgb: false, shift, bits: bitsStored };
  }
  const stream = readCodestream(bytes);
  if (stream === undefined) throw new FrameError('the header of its compressed pixels cannot be read');
  checkCodestream(stream, header);
  if (compression === 'jpeg') return readJpeg(bytes, { stream, header, host });
  checkCodec(compression, stream);
  const frame = await runCodec(host, compression, bytes);
  checkResult(frame, header);
  const isRgb = channels === 3 && compression === 'jpeg2000' && stream.transform === 1;
  // Codecs put the lowest bit at position 0, whatever the file says of its own samples.
  const bits = Math.min(bitsStored, stream.bits, bitsAllocated);
  return {
    values: frame.values,
    isPlanar: frame.isPlanar,
    isRgb,
    shift: 0,
    bits: stream.bits > bits ? bits : stream.bits,
  };
}

async function runCodec(host: DicomHost, codec: Codec, bytes: Uint8Array): Promise<CodecFrame> {
  try {
    return await host.runCodec(codec, bytes);
  } catch (error) {
    // A codec's message is about its codestream and has no text of the file.
    throw new FrameError(
      error instanceof Error && error.message !== '' ? error.message : 'its pixels cannot be decoded',
    );
  }
}

/** A codestream of other sizes than the file states would be decoded into more memory than was checked. */
function checkCodestream(stream: Codestream, { width, height, channels }: ImageHeader): void {
  if (stream.width === width && stream.height === height && stream.channels === channels) return;
  throw new FrameError(
    `its compressed pixels are ${stream.width} x ${stream.height} x ${stream.channels}, and its header says ${width} x ${height} x ${channels}`,
  );
}

/** Refuses what the codecs would decode wrongly. */
function checkCodec(codec: Codec, { marker, bits, channels, isSubsampled, transform }: Codestream): void {
  const expected = { jpeg2000: 0x51, jpegLs: 0xf7, jpegLossless: 0xc3 }[codec];
  if (marker !== expected) throw new UnsupportedFrame('another codec than its transfer syntax says');
  if (bits > 16) throw new UnsupportedFrame(`${bits} compressed bits per sample`);
  if (isSubsampled) throw new UnsupportedFrame('channels of different resolutions');
  if (codec === 'jpegLossless' && (transform !== 0 || (channels > 1 && bits > 8))) {
    throw new UnsupportedFrame(
      transform !== 0 ? 'JPEG lossless with a point transform' : 'JPEG lossless of deep colours',
    );
  }
}

function checkResult({ width, height, channels, values }: CodecFrame, header: ImageHeader): void {
  const isRight = width === header.width && height === header.height && channels === header.channels;
  if (isRight && values.length === width * height * channels) return;
  throw new FrameError('its compressed pixels are incomplete');
}

interface JpegFrame {
  readonly stream: Codestream;
  readonly header: ImageHeader;
  readonly host: DicomHost;
}

async function readJpeg(bytes: Uint8Array, { stream, header, host }: JpegFrame): Promise<StoredFrame> {
  const { channels, photometric } = header;
  if (stream.bits !== 8) throw new UnsupportedFrame(`JPEG of ${stream.bits} bits per sample`);
  if (stream.marker < 0xc0 || stream.marker > 0xc2)
    throw new UnsupportedFrame('another codec than its transfer syntax says');
  const isColour = channels === 3;
  const isStated = !isColour || stream.hasColourSegment;
  const file = isStated ? bytes : withColourSegment(bytes, photometric.startsWith('YBR'));
  const decoded = await host.decodeJpeg(file).catch(() => {
    throw new FrameError('its JPEG pixels cannot be decoded');
  });
  const { width, height, pixels } = decoded;
  checkResult(
    { ...decoded, channels, bits: 8, values: pixels.subarray(0, width * height * channels), isPlanar: false },
    header,
  );
  const values = isColour ? pixels : Uint8Array.from({ length: width * height }, (_, i) => pixels[3 * i]!);
  return { values, isPlanar: false, isRgb: isColour, shift: 0, bits: 8 };
}

function readPlain(file: DataSet, header: ImageHeader): StoredFrame {
  const { bitsAllocated, bitsStored, isPlanar, shift } = header;
  const bytes = plainFrame(file, header);
  const { isBigEndian } = file.syntax;
  const values =
    bitsAllocated === 1
      ? unpackBits(bytes, header.width * header.height * header.channels)
      : wordsOf(bytes, bitsAllocated, isBigEndian);
  if (isBigEndian && file.pixels!.vr === 'OW' && bitsAllocated === 8) swapPairs(values as Uint8Array, bytes, file);
  return { values, isPlanar, isRgb: false, shift, bits: bitsStored };
}

function unpackBits(bytes: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);
}

/** Returns a copy of samples in this machine's byte order, which is little endian wherever Node and browsers run. */
function wordsOf(bytes: Uint8Array, bits: 8 | 16 | 32, isBigEndian: boolean): Uint8Array | Uint16Array | Uint32Array {
  const copy = new Uint8Array(bytes);
  if (bits === 8) return copy;
  if (isBigEndian) {
    const size = bits / 8;
    for (let at = 0; at + size <= copy.length; at += size) copy.subarray(at, at + size).reverse();
  }
  return bits === 16
    ? new Uint16Array(copy.buffer, 0, copy.length >> 1)
    : new Uint32Array(copy.buffer, 0, copy.length >> 2);
}

/** Samples of 8 bits in words of 16 bits are swapped as words are, across the ends of frames of odd length, too. */
function swapPairs(values: Uint8Array, frame: Uint8Array, { bytes, pixels }: DataSet): void {
  const first = frame.byteOffset - bytes.byteOffset - pixels!.offset;
  for (let i = 0; i < values.length; i++) values[i] = bytes[pixels!.offset + ((first + i) ^ 1)] ?? 0;
}
