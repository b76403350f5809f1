import { setFlagsFromString } from 'node:v8';

/** Enables relaxed SIMD, which Node 20 keeps behind a V8 flag. Call it before anything checks for relaxed SIMD. */
export function allowRelaxedSimd(): void {
  if (process.versions.v8.startsWith('11.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/** V8 of Node 24 to 26. The whole suite ran on 24 and 26 (`npx -p node@26 -- npm test`). The flag is experimental. */
const WIDE_SIMD_V8 = /^1[34]\./;

let isWide = false;

/**
 * Makes V8 fuse pairs of 128-bit SIMD operations into 256-bit ones, in every WebAssembly module that this process
 * compiles from now on. Returns whether it does: only from Node 24 on, and only on x86-64.
 */
export function enableWideSimd(): boolean {
  if (isWide) return true;
  const { v8_enable_wasm_simd256_revec: isBuiltIn } = process.config.variables as Record<string, unknown>;
  if (!isBuiltIn || process.arch !== 'x64' || !WIDE_SIMD_V8.test(process.versions.v8)) return false;
  setFlagsFromString('--experimental-wasm-revectorize');
  isWide = true;
  return true;
}

export function isWideSimdEnabled(): boolean {
  return isWide;
}
