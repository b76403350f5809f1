import type { NllLossBackwardOptions } from '../../kernels/nll_loss_backward.ts';
import { type Array64, array64 } from '../array64.ts';

/** loss = -(1 / N) * sum over n of x[n, target of n]. No other element affects the loss. */
export function nllLossBackward(
  { targets, gradOutput }: { targets: Array64; gradOutput: Array64 },
  { classes }: NllLossBackwardOptions,
): { gradInput: Array64 } {
  const N = targets.shape[0]!;
  const gradInput = array64([N, classes]);
  for (let n = 0; n < N; n++) if (targets.at(n) < classes) gradInput.set(-gradOutput.at(0) / N, n, targets.at(n));
  return { gradInput };
}
