import { type Array64, array64 } from '../array64.ts';

/** log(exp(x) / sum(exp(x))), shifted by the row's maximum so that exp does not overflow. */
export function logSoftmax({ x }: { x: Array64 }): { y: Array64 } {
  const [N, K] = x.shape as [number, number];
  const y = array64([N, K]);
  for (let n = 0; n < N; n++) {
    let largest = -Infinity;
    for (let k = 0; k < K; k++) largest = Math.max(largest, x.at(n, k));
    let sum = 0;
    for (let k = 0; k < K; k++) sum += Math.exp(x.at(n, k) - largest);
    for (let k = 0; k < K; k++) y.set(x.at(n, k) - largest - Math.log(sum), n, k);
  }
  return { y };
}
