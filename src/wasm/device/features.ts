const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const V128 = 0x7b;
const F32 = 0x7d;
const EXPORT_AS_F = [0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00];
const ZERO_SPLAT = [0x41, 0x00, 0xfd, 0x0f];
const RELAXED_MADD = [0xfd, 0x85, 0x02];
const FIRST_F32 = [0xfd, 0x1f, 0x00];

/** Reports whether this engine's WebAssembly has 128-bit SIMD, which all kernels need. */
export function hasSimd(): boolean {
  return isValid(ZERO_SPLAT);
}

/** Reports whether it has relaxed SIMD, whose multiply-add rounds once if the processor can do that. */
export function hasRelaxedSimd(): boolean {
  return isValid([...ZERO_SPLAT, ...ZERO_SPLAT, ...ZERO_SPLAT, ...RELAXED_MADD]);
}

/**
 * Reports whether relaxed multiply-add rounds once here. On x86-64, this needs a processor with 256-bit SIMD; almost
 * all have it.
 */
export function fusesMultiplyAdd(): boolean {
  const factor = 1 + 2 ** -12;
  // factor * factor is 1 + 2^-11 + 2^-24. Rounded on its own, it is 1 + 2^-11, and the result is 0.
  const sum = [...splat(factor), ...splat(factor), ...splat(-(1 + 2 ** -11)), ...RELAXED_MADD, ...FIRST_F32];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleOf(F32, sum)));
  return (exports.f as () => number)() !== 0;
}

function splat(value: number): number[] {
  return [0x43, ...new Uint8Array(Float32Array.of(value).buffer), 0xfd, 0x13];
}

function isValid(instructions: readonly number[]): boolean {
  return WebAssembly.validate(moduleOf(V128, instructions));
}

/** Returns a module that exports one function `f` without parameters. */
function moduleOf(result: number, instructions: readonly number[]): Uint8Array<ArrayBuffer> {
  const type = [0x01, 0x05, 0x01, 0x60, 0x00, 0x01, result];
  const body = [0x00, ...instructions, 0x0b];
  const code = [0x0a, body.length + 2, 0x01, body.length, ...body];
  return Uint8Array.of(...HEADER, ...type, 0x03, 0x02, 0x01, 0x00, ...EXPORT_AS_F, ...code);
}
