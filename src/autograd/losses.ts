import { logSoftmax } from '../kernels/log_softmax.ts';
import { nllLoss as nllLossKernel } from '../kernels/nll_loss.ts';
import type { Tape, Variable } from './tape.ts';

/**
 * Negative log-likelihood loss, averaged over the batch.
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
 * Cross-entropy loss of logits, averaged over the batch.
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
