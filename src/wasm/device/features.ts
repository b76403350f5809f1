const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const ONE_FUNCTION_GIVING_V128 = [0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00];
const ZERO_SPLAT = [0x41, 0x00, 0xfd, 0x0f];
const RELAXED_MADD = [0xfd, 0x85, 0x02];

/** Whether this engine's WebAssembly has 128-bit SIMD, which all kernels need. */
export function hasSimd(): boolean {
  return isValid(ZERO_SPLAT);
}

/** Whether it has relaxed SIMD, whose multiply-add rounds once where the processor can. */
export function hasRelaxedSimd(): boolean {
  return isValid([...ZERO_SPLAT, ...ZERO_SPLAT, ...ZERO_SPLAT, ...RELAXED_MADD]);
}

function isValid(instructions: readonly number[]): boolean {
  const body = [0x00, ...instructions, 0x0b];
  const code = [0x0a, body.length + 2, 0x01, body.length, ...body];
  return WebAssembly.validate(Uint8Array.of(...HEADER, ...ONE_FUNCTION_GIVING_V128, ...code));
}
