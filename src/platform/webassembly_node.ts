import { setFlagsFromString } from 'node:v8';

/** Node 20 keeps relaxed SIMD behind a flag of V8; later ones have it. To be called before anything asks for it. */
export function allowRelaxedSimd(): void {
  if (process.versions.v8.startsWith('11.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/** Those of Node 24 to 26; on 24 and 26 every test was run (`npx -p node@26 -- npm test`). The switch is an experiment of V8's. */
const WIDE_SIMD_V8 = /^1[34]\./;

let isWide = false;

/**
 * From now on V8 makes operations of 256 bits of pairs of 128, in every WebAssembly module that this process compiles.
 * Says whether it does: not before Node 24, and on x86-64 alone.
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
