import { type Array64, array64 } from '../array64.ts';

/** The sum, or 0 if it is negative. The f64 sum of two f32 is exact, so that one rounding remains, as on the device. */
export function addRelu({ x, residual }: { x: Array64; residual: Array64 }): { y: Array64 } {
  const y = array64(x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const sum = x.data[i]! + residual.data[i]!;
    y.data[i] = Math.max(sum, 0);
  }
  return { y };
}
