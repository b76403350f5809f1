/** The value of a 16-bit float. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** The bits of the 16-bit float nearest to a number under 2^15, the even one of two; 0 for one under 2^-14. */
export function toHalf(value: number): number {
  const magnitude = Math.abs(value);
  const sign = value < 0 ? 0x8000 : 0;
  const exponent = Math.floor(Math.log2(magnitude));
  if (exponent < -14) return 0;
  const steps = magnitude * 2 ** (10 - exponent);
  const rounded = steps % 1 === 0.5 ? 2 * Math.round(steps / 2) : Math.round(steps);
  return sign + (exponent + 15) * 1024 + rounded - 1024;
}

/** A number as a 16-bit float has it. */
export function toHalfPrecision(value: number): number {
  return Number.isNaN(value) ? value : fromHalf(toHalf(value));
}

/** Two of them are a word, the first the low half. */
export function halvesOf(word: number): [number, number] {
  return [fromHalf(word & 0xffff), fromHalf((word >>> 16) & 0xffff)];
}
