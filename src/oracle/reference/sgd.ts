import type { SgdStep } from '../../kernels/sgd.ts';
import { type Array64, array64 } from '../array64.ts';

/** The algorithm in the documentation of torch.optim.SGD. */
export function sgd(
  { grad, weight, velocity }: Record<'grad' | 'weight' | 'velocity', Array64>,
  { lr, momentum, dampening, weightDecay, nesterov, step }: SgdStep,
): Record<'weight' | 'velocity', Array64> {
  const after = { weight: array64(weight.shape), velocity: array64(weight.shape) };
  for (let i = 0; i < weight.data.length; i++) {
    let g = grad.data[i]! + weightDecay * weight.data[i]!;
    let b = velocity.data[i]!;
    if (momentum !== 0) {
      b = step > 1 ? momentum * b + (1 - dampening) * g : g;
      g = nesterov ? g + momentum * b : b;
    }
    after.velocity.data[i] = b;
    after.weight.data[i] = weight.data[i]! - lr * g;
  }
  return after;
}
