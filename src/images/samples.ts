/** Turns samples of any depth into 8-bit pixels. */
import { InputError } from '../errors/index.ts';

export type SampleArray =
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** The samples of an image as its file stores them. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  /** Samples of one pixel: 1 is grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  readonly channels: number;
  /** [height, width, channels] */
  readonly values: SampleArray;
  /** Bits of one sample as stored. */
  readonly bits: number;
  readonly isFloat: boolean;
  /** Bits that are in use according to the file. */
  readonly statedBits?: number;
  /** Whether 0 is white, as in some TIFF files. */
  readonly whiteIsZero?: boolean;
}

/** 8-bit pixels, and how the samples' range was chosen. */
export interface ScaledSamples {
  /** [height, width, 3], 0..255 */
  readonly pixels: Uint8Array;
  readonly bitsUsed: number;
  /** The samples that become black and white. */
  readonly range: readonly [number, number];
  /** A sentence, if the range is not the one that the samples' type implies. */
  readonly note?: string;
}

/** Depths that detectors and converters use. Samples that fit into one of them are taken to have it. */
const USUAL_BITS = [8, 10, 12, 14, 16, 20, 24];

/** Interpolation overshoots by a few steps of 255. */
const OVERSHOOT = 1 / 64;

/**
 * Scales samples to 8 bits and drops alpha.
 *
 * Integers of up to 8 bits have the range of their type. The range of larger ones is that of the bits which the file
 * states to be in use, otherwise that of the fewest usual bits into which all samples of the image fit: X-rays of 12
 * bits in 16-bit files are common, and read as 16 bits they would be almost black. Floats are 0..1 if they fit,
 * otherwise 0..255, otherwise as integers.
 *
 * @throws InputError  a sample is negative or not finite, so that the file does not say which value is black
 */
export function scaleSamples(samples: Samples, name: string): ScaledSamples {
  const { bits, isFloat, statedBits } = samples;
  const [least, greatest] = extent(samples, name);
  if (isFloat) return scaleFloats(samples, { least, greatest }, name);
  if (least < 0)
    throw new InputError(
      `${name}: has negative samples (from ${least} to ${greatest}), and does not say which value is black. Save it with values from 0 up`,
    );
  if (bits <= 8) {
    const range: [number, number] = [0, 2 ** bits - 1];
    return {
      pixels: toPixels(samples, value => Math.round((value * 255) / range[1]), range[1]),
      bitsUsed: bits,
      range,
    };
  }
  const isStated = statedBits !== undefined && statedBits < bits && greatest < 2 ** statedBits;
  const bitsUsed = isStated ? Math.max(statedBits, 8) : bitsInUse(greatest, bits);
  const divisor = 2 ** (bitsUsed - 8);
  return {
    pixels: toPixels(samples, value => Math.floor(value / divisor), 2 ** bitsUsed - 1),
    bitsUsed,
    range: [0, 2 ** bitsUsed - 1],
    note:
      bitsUsed === bits
        ? undefined
        : `was read as ${bitsUsed} of ${bits} bits, ${isStated ? 'as the file states' : 'because no sample needs more'}`,
  };
}

function bitsInUse(greatest: number, bits: number): number {
  return USUAL_BITS.find(usual => usual < bits && greatest < 2 ** usual) ?? bits;
}

function scaleFloats(
  samples: Samples,
  { least, greatest }: { readonly least: number; readonly greatest: number },
  name: string,
): ScaledSamples {
  const { bits } = samples;
  const tops = [1, ...USUAL_BITS.map(usual => 2 ** usual - 1)];
  const top = tops.find(value => greatest <= value * (1 + OVERSHOOT));
  if (top === undefined || least < -OVERSHOOT * top)
    throw new InputError(
      `${name}: has floating-point samples from ${format(least)} to ${format(greatest)}, and does not say which values are black and white. Save it with values from 0 to 1`,
    );
  const bitsUsed = Math.round(Math.log2(top + 1));
  // 0..1 and 0..255 were made from 8 bits by arithmetic; larger values keep their upper bits, as integers do.
  const toByte =
    top <= 255
      ? (value: number) => Math.round(clamp(value, top) * (255 / top))
      : (value: number) => Math.floor(clamp(value, top) / 2 ** (bitsUsed - 8));
  return {
    pixels: toPixels(samples, toByte, top),
    bitsUsed: bits,
    range: [0, top],
    note: top === 1 ? undefined : `has floating-point samples, which were read as 0 to ${top} because none is larger`,
  };
}

function format(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function clamp(value: number, top: number): number {
  return Math.min(Math.max(value, 0), top);
}

/** Returns the smallest and the largest sample, without alpha. @throws InputError  one is not finite */
function extent({ values, channels }: Samples, name: string): [number, number] {
  const colours = coloursOf(channels);
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < values.length; at += channels) {
    for (let c = 0; c < colours; c++) {
      const value = values[at + c]!;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      if (value - value !== 0) throw new InputError(`${name}: has samples that are not finite. Save it without them`);
    }
  }
  return [least, greatest];
}

function coloursOf(channels: number): number {
  return channels < 3 ? 1 : 3;
}

/** Converts each sample, and repeats grey. `top` is the white of samples whose 0 is white. */
function toPixels(
  { width, height, channels, values, whiteIsZero }: Samples,
  toByte: (value: number) => number,
  top = 0,
): Uint8Array {
  const convert = whiteIsZero ? (value: number) => toByte(top - value) : toByte;
  const pixels = new Uint8Array(3 * width * height);
  const isGrey = coloursOf(channels) === 1;
  for (let from = 0, to = 0; to < pixels.length; from += channels, to += 3) {
    if (isGrey) pixels.fill(convert(values[from]!), to, to + 3);
    else for (let c = 0; c < 3; c++) pixels[to + c] = convert(values[from + c]!);
  }
  return pixels;
}
