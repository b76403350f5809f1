/** Decodes DICOM's RLE. Source: DICOM PS3.5 annex G */
import { FrameError } from './frames.ts';
import type { CodecFrame } from './types.ts';

interface Shape {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bitsAllocated: number;
}

/**
 * Decodes a frame: a segment for each byte of each sample, the highest first, each compressed by PackBits.
 *
 * @throws FrameError  segments are missing or too short
 */
export function decodeRle(bytes: Uint8Array, { width, height, channels, bitsAllocated }: Shape): CodecFrame {
  const perSample = bitsAllocated / 8;
  const count = perSample * channels;
  if (bytes.length < 64) throw new FrameError('its RLE header is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const stated = view.getUint32(0, true);
  if (stated !== count) throw new FrameError(`it has ${stated} RLE segments, not ${count}`);
  const size = width * height;
  // Each compressed pair of bytes makes at most 128 bytes.
  if (size * count > bytes.length * 64) throw new FrameError(`${bytes.length} bytes of RLE are too few`);
  const planes = new Uint8Array(size * count);
  for (let i = 0; i < count; i++) {
    const start = view.getUint32(4 + 4 * i, true);
    const end = i + 1 < count ? view.getUint32(8 + 4 * i, true) : bytes.length;
    if (start < 64 || end > bytes.length || start > end) throw new FrameError('an RLE segment is outside the frame');
    unpackBits(bytes.subarray(start, end), planes.subarray(i * size, (i + 1) * size));
  }
  const values = perSample === 1 ? planes : joinBytes(planes, { size, channels, perSample });
  return { width, height, channels, bits: bitsAllocated, values, isPlanar: true };
}

interface Planes {
  /** Samples of a channel. */
  readonly size: number;
  readonly channels: number;
  /** Bytes of a sample. */
  readonly perSample: number;
}

/** Joins the bytes of samples, which are in planes of their own, the highest first. */
function joinBytes(planes: Uint8Array, { size, channels, perSample }: Planes): Uint16Array | Uint32Array {
  const values = perSample === 2 ? new Uint16Array(size * channels) : new Uint32Array(size * channels);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) {
      let value = 0;
      for (let k = 0; k < perSample; k++) value = value * 256 + planes[(perSample * c + k) * size + i]!;
      values[c * size + i] = value;
    }
  }
  return values;
}

function unpackBits(packed: Uint8Array, into: Uint8Array): void {
  let to = 0;
  for (let at = 0; at < packed.length && to < into.length; ) {
    const code = packed[at++]!;
    if (code === 128) continue;
    const length = Math.min(code < 128 ? code + 1 : 257 - code, into.length - to);
    if (code < 128) {
      into.set(packed.subarray(at, at + length), to);
      if (at + length > packed.length) throw new FrameError('an RLE segment is cut short');
      at += code + 1;
    } else into.fill(packed[at++] ?? 0, to, to + length);
    to += length;
  }
  if (to < into.length) throw new FrameError(`an RLE segment has ${to} of ${into.length} bytes`);
}
