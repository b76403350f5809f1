import type { AdamStep } from '../../kernels/adam.ts';
import { type Array64, array64 } from '../array64.ts';

/** Algorithm 1 of Kingma and Ba, with weight decay added to the gradient and bias-corrected means. */
export function adam(
  { grad, weight, m, v }: Record<'grad' | 'weight' | 'm' | 'v', Array64>,
  { lr, beta1, beta2, eps, weightDecay, step }: AdamStep,
): Record<'weight' | 'm' | 'v', Array64> {
  const after = { weight: array64(weight.shape), m: array64(weight.shape), v: array64(weight.shape) };
  for (let i = 0; i < weight.data.length; i++) {
    const g = grad.data[i]! + weightDecay * weight.data[i]!;
    after.m.data[i] = beta1 * m.data[i]! + (1 - beta1) * g;
    after.v.data[i] = beta2 * v.data[i]! + (1 - beta2) * g * g;
    const mean = after.m.data[i]! / (1 - beta1 ** step);
    const square = after.v.data[i]! / (1 - beta2 ** step);
    after.weight.data[i] = weight.data[i]! - (lr * mean) / (Math.sqrt(square) + eps);
  }
  return after;
}
