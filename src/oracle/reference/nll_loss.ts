import { type Array64, array64 } from '../array64.ts';

/** Minus the log-probability of the target, averaged over the batch. */
export function nllLoss({ x, targets }: { x: Array64; targets: Array64 }): { y: Array64 } {
  const [N, K] = x.shape as [number, number];
  let sum = 0;
  for (let n = 0; n < N; n++) {
    const k = targets.at(n);
    sum += k >= 0 && k < K ? x.at(n, k) : Number.NaN;
  }
  const y = array64([1]);
  y.set(-sum / N, 0);
  return { y };
}
