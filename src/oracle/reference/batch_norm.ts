import type { BatchNormOptions } from '../../kernels/batch_norm.ts';
import { type Array64, array64 } from '../array64.ts';

interface Inputs {
  x: Array64;
  weight: Array64;
  bias: Array64;
  running_mean: Array64;
  running_var: Array64;
}

/** Standardises each channel by its running statistics, then scales and shifts it. */
export function batchNorm(
  { x, weight, bias, running_mean, running_var }: Inputs,
  { eps }: BatchNormOptions,
): { y: Array64 } {
  const [N, C, H, W] = x.shape as [number, number, number, number];
  const y = array64([N, C, H, W]);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++)
      for (let h = 0; h < H; h++)
        for (let w = 0; w < W; w++) {
          const standard = (x.at(n, c, h, w) - running_mean.at(c)) / Math.sqrt(running_var.at(c) + eps);
          y.set(standard * weight.at(c) + bias.at(c), n, c, h, w);
        }
  return { y };
}
