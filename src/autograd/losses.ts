import { logSoftmax } from '../kernels/log_softmax.ts';
import { nllLoss as nllLossKernel } from '../kernels/nll_loss.ts';
import type { Tape, Variable } from './tape.ts';

/**
 * Negative log-likelihood, the batch's mean.
 *
 * logProbabilities  [N, K]
 * targets           [N], class numbers as f32
 * returns           [1]
 *
 * Source: torch.nn.NLLLoss
 */
export function nllLoss(tape: Tape, logProbabilities: Variable, targets: Variable): Variable {
  return tape.apply(nllLossKernel, { x: logProbabilities, targets }, {});
}

/**
 * The same from logits.
 *
 * logits   [N, K]
 * targets  [N], class numbers as f32
 * returns  [1]
 *
 * Source: torch.nn.CrossEntropyLoss
 */
export function crossEntropyLoss(tape: Tape, logits: Variable, targets: Variable): Variable {
  return nllLoss(tape, tape.apply(logSoftmax, { x: logits }, {}), targets);
}
