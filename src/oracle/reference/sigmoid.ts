import { type Array64, array64 } from '../array64.ts';

/** The definition: Math.exp returns Infinity where it overflows, and 1 / Infinity is 0. */
export function sigmoid({ x }: { x: Array64 }): { y: Array64 } {
  const y = array64(x.shape);
  for (let i = 0; i < x.data.length; i++) y.data[i] = 1 / (1 + Math.exp(-x.data[i]!));
  return { y };
}
