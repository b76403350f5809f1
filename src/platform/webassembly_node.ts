import { setFlagsFromString } from 'node:v8';

/** Node 20 keeps relaxed SIMD behind a flag of V8; later ones have it. To be called before anything asks for it. */
export function allowRelaxedSimd(): void {
  if (process.versions.v8.startsWith('11.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
