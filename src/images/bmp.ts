/** Reads Windows bitmaps. Browsers decode them themselves. */
import { checkPixels } from './limits.ts';
import type { Samples } from './samples.ts';

/** Bits per pixel that are decoded; those of 16 have channels of 5 or 6 bits. */
const PIXEL_BITS = [1, 4, 8, 24, 32];
/** Pixels as they are, and pixels whose channels are described by masks. */
const [UNCOMPRESSED, BIT_FIELDS] = [0, 3];

/**
 * Reads a bitmap of 1, 4, 8, 24 or 32 bits per pixel without compression.
 *
 * returns  RGB, 8 bits
 *
 * @throws InputError  it is too large
 * @throws Error       it is damaged, or of a kind that is not supported
 */
export function readBmp(bytes: Uint8Array, name: string): Samples {
  const { width, height, bits, begin, isTopDown, palette } = checkHeader(bytes, name);
  const values = new Uint8Array(3 * width * height);
  const rowBytes = 4 * Math.ceil((width * bits) / 32);
  const pixelBytes = bits / 8;
  for (let y = 0, to = 0; y < height; y++) {
    const row = begin + (isTopDown ? y : height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x++, to += 3) {
      // Pixels of less than a byte begin with the upper bits. Colours are stored as blue, green, red.
      const shift = 8 - bits * (1 + (x % (8 / bits)));
      const from =
        bits > 8
          ? row + x * pixelBytes
          : palette + 4 * ((bytes[row + Math.floor(x * pixelBytes)]! >> shift) & (2 ** bits - 1));
      for (let c = 0; c < 3; c++) values[to + c] = bytes[from + 2 - c]!;
    }
  }
  return { width, height, channels: 3, values, bits: 8, isFloat: false };
}

interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits of a pixel. */
  readonly bits: number;
  /** Position of the first row. */
  readonly begin: number;
  readonly isTopDown: boolean;
  /** Position of the palette. */
  readonly palette: number;
}

/** Checks the size before anything is allocated. Source: Microsoft, BITMAPINFOHEADER */
function checkHeader(bytes: Uint8Array, name: string): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerBytes = view.getUint32(14, true);
  if (headerBytes < 40) throw new Error('a header of OS/2 is not supported');
  const [width, storedHeight] = [view.getInt32(18, true), view.getInt32(22, true)];
  const height = Math.abs(storedHeight);
  const [bits, compression] = [view.getUint16(28, true), view.getUint32(30, true)];
  if (!PIXEL_BITS.includes(bits)) throw new Error(`${bits} bits per pixel are not supported`);
  const isPlain = compression === UNCOMPRESSED || (compression === BIT_FIELDS && bits === 32 && hasUsualMasks(view));
  if (!isPlain) throw new Error(`compression ${compression} is not supported`);
  checkPixels({ width, height }, bytes.length, name);
  const begin = view.getUint32(10, true);
  const endBytes = begin + height * 4 * Math.ceil((width * bits) / 32);
  if (endBytes > bytes.length) throw new Error(`it ends early (${bytes.length} of ${endBytes} bytes)`);
  return { width, height, bits, begin, isTopDown: storedHeight < 0, palette: 14 + headerBytes };
}

/** Whether the masks select red, green and blue from the bytes where they are without masks. */
function hasUsualMasks(view: DataView): boolean {
  return [0xff0000, 0xff00, 0xff].every((mask, i) => view.getUint32(54 + 4 * i, true) === mask);
}
