/** Reads the sizes in the headers of JPEG, JPEG-LS and JPEG 2000 codestreams, before a codec allocates anything. */

export interface Codestream {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bits: number;
  /** What the frame is: the second byte of a JPEG marker, or 0x51 for JPEG 2000. */
  readonly marker: number;
  /** Whether channels have different resolutions. */
  readonly isSubsampled: boolean;
  /** JPEG: whether a JFIF or an Adobe segment says how the colours are stored. */
  readonly hasColourSegment: boolean;
  /** JPEG 2000: whether the codec turns the channels into RGB. JPEG lossless: the point transform. */
  readonly transform: number;
}

/** Length of an Adobe segment. */
const ADOBE_BYTES = 14;
/** The boxes before the codestream of a JP2 file may contain a colour profile. */
const JP2_HEADER_BYTES = 65536;

/** Returns the properties of a codestream, or undefined if its header cannot be read. */
export function readCodestream(bytes: Uint8Array): Codestream | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (view.getUint16(0) === 0xffd8) return readJpeg(view);
    if (view.getUint32(0) === 0xff4fff51) return readJpeg2000(view, 0);
    // Some writers store a whole JP2 file.
    for (let at = 0; at < Math.min(bytes.length - 12, JP2_HEADER_BYTES); at++) {
      if (view.getUint32(at) === 0x6a703263) return readJpeg2000(view, at + 4);
    }
  } catch {
    // The header ends early.
  }
  return undefined;
}

/** Source: ITU-T T.81 annex B, T.87 annex C */
function readJpeg(view: DataView): Codestream | undefined {
  let frame: Codestream | undefined;
  let hasColourSegment = false;
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (marker === 0xe0 || marker === 0xee) {
      const letter = view.getUint32(at + 4);
      // Decoders ignore an Adobe segment that is too short to say how colours are stored.
      hasColourSegment ||= letter === 0x4a464946 || (letter === 0x41646f62 && length >= ADOBE_BYTES);
    }
    const isFrame = (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;
    if (isFrame) frame = readFrame(view, at, marker);
    if (marker === 0xda) {
      const parameters = at + 5 + 2 * view.getUint8(at + 4);
      return frame && { ...frame, hasColourSegment, transform: view.getUint8(parameters + 2) & 15 };
    }
    if (length < 2) return undefined;
    at += 2 + length;
  }
}

function readFrame(view: DataView, at: number, marker: number): Codestream {
  const channels = view.getUint8(at + 9);
  const sampling = Array.from({ length: channels }, (_, i) => view.getUint8(at + 11 + 3 * i));
  return {
    bits: view.getUint8(at + 4),
    height: view.getUint16(at + 5),
    width: view.getUint16(at + 7),
    channels,
    marker,
    isSubsampled: sampling.some(factors => factors !== sampling[0]),
    hasColourSegment: false,
    transform: 0,
  };
}

/** Source: ITU-T T.800 annex A */
function readJpeg2000(view: DataView, start: number): Codestream | undefined {
  const at = start + 4;
  const size = (offset: number) => view.getUint32(at + offset) - view.getUint32(at + offset + 8);
  const channels = view.getUint16(at + 36);
  const components = Array.from({ length: channels }, (_, i) => [0, 1, 2].map(j => view.getUint8(at + 38 + 3 * i + j)));
  let transform = 0;
  for (let next = at + view.getUint16(at); next < view.byteLength; next += 2 + view.getUint16(next + 2)) {
    const marker = view.getUint16(next);
    if (marker === 0xff52) transform = view.getUint8(next + 8);
    if (marker === 0xff52 || marker === 0xff90) break;
  }
  return {
    width: size(4),
    height: size(8),
    channels,
    bits: ((components[0]?.[0] ?? 0) & 127) + 1,
    marker: 0x51,
    isSubsampled: components.some(([, x, y]) => x !== 1 || y !== 1),
    hasColourSegment: false,
    transform,
  };
}

/**
 * Returns a JPEG file with an Adobe segment that says whether its colours are YCbCr. Without one, and without JFIF,
 * decoders guess from the channels' numbers.
 */
export function withColourSegment(bytes: Uint8Array, isYcc: boolean): Uint8Array {
  const segment = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, isYcc ? 1 : 0];
  const file = new Uint8Array(bytes.length + segment.length);
  file.set(bytes.subarray(0, 2));
  file.set(segment, 2);
  file.set(bytes.subarray(2), 2 + segment.length);
  return file;
}
