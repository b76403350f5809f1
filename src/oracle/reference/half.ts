/** Returns the value of a 16-bit float. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Returns the bits of the nearest 16-bit float, ties to even, of a number below 2^15. Returns 0 below 2^-14. */
export function toHalf(value: number): number {
  const magnitude = Math.abs(value);
  const sign = value < 0 ? 0x8000 : 0;
  const exponent = Math.floor(Math.log2(magnitude));
  if (exponent < -14) return 0;
  const steps = magnitude * 2 ** (10 - exponent);
  const rounded = steps % 1 === 0.5 ? 2 * Math.round(steps / 2) : Math.round(steps);
  return sign + (exponent + 15) * 1024 + rounded - 1024;
}

/** Rounds a number to a 16-bit float. */
export function toHalfPrecision(value: number): number {
  return Number.isNaN(value) ? value : fromHalf(toHalf(value));
}

/** Splits a word into two 16-bit floats, the low half first. */
export function halvesOf(word: number): [number, number] {
  return [fromHalf(word & 0xffff), fromHalf((word >>> 16) & 0xffff)];
}
