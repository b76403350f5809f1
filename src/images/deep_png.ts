import { decode } from 'fast-png';
import { significantBits } from './png.ts';
import type { Samples } from './samples.ts';

/** Reads a PNG file whose samples have 16 bits, which a browser's own decoder would round. @throws Error  damaged */
export function readDeepPng(bytes: Uint8Array): Samples {
  const { width, height, channels, data } = decode(bytes, { checkCrc: true });
  return { width, height, channels, values: data, bits: 16, isFloat: false, statedBits: significantBits(bytes) };
}
