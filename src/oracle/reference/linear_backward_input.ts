import { type Array64, array64 } from '../array64.ts';

/** y = x · weightᵀ + bias, so that each input affects every output of its row. */
export function linearBackwardInput({ gradOutput, weight }: { gradOutput: Array64; weight: Array64 }): {
  gradInput: Array64;
} {
  const [N, O] = gradOutput.shape as [number, number];
  const I = weight.shape[1]!;
  const gradInput = array64([N, I]);
  for (let n = 0; n < N; n++)
    for (let i = 0; i < I; i++) {
      let sum = 0;
      for (let o = 0; o < O; o++) sum += gradOutput.at(n, o) * weight.at(o, i);
      gradInput.set(sum, n, i);
    }
  return { gradInput };
}
