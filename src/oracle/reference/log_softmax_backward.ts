import { type Array64, array64 } from '../array64.ts';

/** The Jacobian written out: d y[j] / d x[k] = (j == k) - exp(y[k]). */
export function logSoftmaxBackward({ gradOutput, y }: { gradOutput: Array64; y: Array64 }): { gradInput: Array64 } {
  const [N, K] = y.shape as [number, number];
  const gradInput = array64([N, K]);
  for (let n = 0; n < N; n++)
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let j = 0; j < K; j++) sum += gradOutput.at(n, j) * ((j === k ? 1 : 0) - Math.exp(y.at(n, k)));
      gradInput.set(sum, n, k);
    }
  return { gradInput };
}
