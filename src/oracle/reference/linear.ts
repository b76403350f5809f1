import { type Array64, array64 } from '../array64.ts';

/** Each output is the dot product of a row of x with a row of weight, plus the bias. */
export function linear({ x, weight, bias }: { x: Array64; weight: Array64; bias?: Array64 }): { y: Array64 } {
  const [N, I] = x.shape as [number, number];
  const O = weight.shape[0]!;
  const y = array64([N, O]);
  for (let n = 0; n < N; n++)
    for (let o = 0; o < O; o++) {
      let sum = bias ? bias.at(o) : 0;
      for (let i = 0; i < I; i++) sum += x.at(n, i) * weight.at(o, i);
      y.set(sum, n, o);
    }
  return { y };
}
