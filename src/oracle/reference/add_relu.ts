import { type Array64, array64 } from '../array64.ts';

/** The sum, 0 where it is negative. The sum of two f32 is exact in f64, so one rounding remains, as on the device. */
export function addRelu({ x, residual }: { x: Array64; residual: Array64 }): { y: Array64 } {
  const y = array64(x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const sum = x.data[i]! + residual.data[i]!;
    y.data[i] = Math.max(sum, 0);
  }
  return { y };
}
