/** Finds the bytes of one frame. */
import type { DataSet } from './data_set.ts';
import type { ImageHeader } from './image_header.ts';

/** A frame that the file does not contain as its header promises. The message has no file name yet. */
export class FrameError extends Error {}

/** Returns the bytes of a frame that is stored plainly. @throws FrameError  the file ends before it does */
export function plainFrame({ bytes, pixels }: DataSet, header: ImageHeader): Uint8Array {
  const { width, height, channels, bitsAllocated, photometric, frame } = header;
  // 4:2:2 stores two luma and two chroma samples for two pixels.
  const samples = photometric === 'YBR_FULL_422' ? 2 : channels;
  const bits = width * height * samples * bitsAllocated;
  const first = (frame * bits) / 8;
  const length = Math.ceil(bits / 8);
  const start = pixels!.offset + Math.floor(first);
  if (first % 1 !== 0) throw new FrameError('its frames do not begin at whole bytes');
  if (start + length > bytes.length || first + length > (pixels!.length ?? 0)) {
    const got = Math.max(0, Math.min(bytes.length - start, (pixels!.length ?? 0) - first));
    throw new FrameError(`the frame has ${got} of ${length} bytes`);
  }
  return bytes.subarray(start, start + length);
}

interface Fragment {
  /** Offset of the item's header from the first fragment's. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Returns the bytes of a compressed frame. @throws FrameError  the fragments are cut short or do not fit the frames */
export function compressedFrame({ bytes, pixels }: DataSet, { frame, frames, compression }: ImageHeader): Uint8Array {
  if (pixels!.length !== undefined) throw new FrameError('its compressed pixels are not in fragments');
  const [table, ...fragments] = readFragments(bytes, pixels!.offset);
  if (table === undefined || fragments.length === 0) throw new FrameError('it has no fragments');
  const parts = frames === 1 ? fragments : fragmentsOf(frame, { fragments, table, frames, compression });
  if (parts.length === 0) throw new FrameError(`frame ${frame + 1} has no fragments`);
  if (parts.length === 1) return parts[0]!.bytes;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part.bytes, at);
    at += part.bytes.length;
  }
  return joined;
}

function readFragments(bytes: Uint8Array, start: number): Fragment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fragments: Fragment[] = [];
  let first = start;
  for (let at = start; at + 8 <= bytes.length; ) {
    const [tag, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    if (tag === 0xe0ddfffe) return fragments;
    if (tag !== 0xe000fffe) throw new FrameError('a fragment does not begin as one');
    if (at + 8 + length > bytes.length) {
      throw new FrameError(`a fragment has ${bytes.length - at - 8} of ${length} bytes`);
    }
    if (fragments.length === 0) first = at + 8 + length;
    fragments.push({ at: at - first, bytes: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  throw new FrameError('its fragments have no end');
}

interface Search {
  readonly fragments: readonly Fragment[];
  /** The basic offset table. */
  readonly table: Fragment;
  readonly frames: number;
  readonly compression: ImageHeader['compression'];
}

function fragmentsOf(frame: number, { fragments, table, frames, compression }: Search): Fragment[] {
  const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.length);
  if (table.bytes.length >= 4 * frames) {
    const from = view.getUint32(4 * frame, true);
    const to = frame + 1 < frames ? view.getUint32(4 * frame + 4, true) : Number.POSITIVE_INFINITY;
    return fragments.filter(({ at }) => at >= from && at < to);
  }
  if (fragments.length === frames) return [fragments[frame]!];
  if (fragments.length < frames) throw new FrameError(`it has ${fragments.length} fragments for ${frames} frames`);
  // Without a table, a frame begins where a codestream begins.
  let count = -1;
  return fragments.filter(({ bytes }) => {
    if (isCodestreamStart(bytes, compression)) count++;
    return count === frame;
  });
}

function isCodestreamStart(bytes: Uint8Array, compression: ImageHeader['compression']): boolean {
  if (compression === 'rle') return true;
  if (bytes[0] !== 0xff) return false;
  return compression === 'jpeg2000' ? bytes[1] === 0x4f && bytes[2] === 0xff && bytes[3] === 0x51 : bytes[1] === 0xd8;
}
